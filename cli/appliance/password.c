#include "cli/appliance/password.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "base/unused.h"

void cli_password_free(char *password)
{
    if (password != NULL)
        free_secret(password, strlen(password));
}

/* Checks a password that was read; name says from where. */
static int check(const char *password, size_t length, const char *name, struct error **err)
{
    if (length == 0)
        return error_set(err, ERROR_INPUT, "%s: the password is empty", name);
    if (!text_is_utf8(password, length, NULL) || strlen(password) != length ||
        strpbrk(password, "\r\n") != NULL)
        return error_set(err, ERROR_INPUT, "%s: must be one line of text, the password", name);
    return 0;
}

char *cli_password_read(const char *path, struct error **err)
{
    char *text = NULL;
    size_t size = 0;
    if (file_read(path, CLI_PASSWORD_MAX_BYTES, &text, &size, err) < 0)
        return NULL;
    size_t length = size;
    if (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
    if (length > 0 && text[length - 1] == '\r')
        text[--length] = '\0';
    if (check(text, length, streq(path, "-") ? "<stdin>" : path, err) == 0)
        return text;
    free_secret(text, size);
    return NULL;
}

static void on_signal(int number UNUSED)
{
    /* interrupts ppoll(2) */
}

/* The signals that must not leave the terminal without its echo: blocked but while it is waited for
 * a line. */
struct guard {
    sigset_t waiting; /* the mask then */
    struct sigaction interrupt, terminate; /* as they were */
};

static void guard_begin(struct guard *guard)
{
    const struct sigaction action = {.sa_handler = on_signal};
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &guard->waiting);
    sigaction(SIGINT, &action, &guard->interrupt);
    sigaction(SIGTERM, &action, &guard->terminate);
}

static void guard_end(const struct guard *guard)
{
    sigaction(SIGINT, &guard->interrupt, NULL);
    sigaction(SIGTERM, &guard->terminate, NULL);
    sigprocmask(SIG_SETMASK, &guard->waiting, NULL);
}

/* Reads a line of the terminal into a buffer of CLI_PASSWORD_MAX_BYTES + 1. */
static int read_line(
    int fd, const struct guard *guard, const char *prompt, char *line, struct error **err)
{
    if (file_write_all(fd, prompt, strlen(prompt), err) < 0)
        return -1;
    struct pollfd waited = {.fd = fd, .events = POLLIN};
    if (ppoll(&waited, 1, NULL, &guard->waiting) < 0 && errno == EINTR)
        return error_set(err, ERROR_CANCELED, "interrupted");
    ssize_t length = read(fd, line, CLI_PASSWORD_MAX_BYTES);
    if (length < 0)
        return error_set_errno(err, "reading the terminal");
    line[length] = '\0';
    line[strcspn(line, "\n")] = '\0';
    return file_write_all(fd, "\n", 1, err);
}

static char *ask_twice(int fd, const struct guard *guard, struct error **err)
{
    char first[CLI_PASSWORD_MAX_BYTES + 1] = "";
    char second[CLI_PASSWORD_MAX_BYTES + 1] = "";
    char *password = NULL;
    if (read_line(fd, guard, "Password of the new machine: ", first, err) == 0 &&
        check(first, strlen(first), "the terminal", err) == 0 &&
        read_line(fd, guard, "The same again: ", second, err) == 0) {
        if (streq(first, second))
            password = xstrdup(first);
        else
            error_set(err, ERROR_INPUT, "the two passwords differ");
    }
    explicit_bzero(first, sizeof(first));
    explicit_bzero(second, sizeof(second));
    return password;
}

char *cli_password_ask(struct error **err)
{
    auto_fd int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios before;
    if (fd < 0 || tcgetattr(fd, &before) < 0) {
        error_set(
            err, ERROR_USAGE, "there is no terminal to ask for the password: use --password-file");
        return NULL;
    }
    struct guard guard;
    guard_begin(&guard);
    struct termios silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(fd, TCSAFLUSH, &silent);
    char *password = ask_twice(fd, &guard, err);
    tcsetattr(fd, TCSAFLUSH, &before);
    guard_end(&guard);
    return password;
}
