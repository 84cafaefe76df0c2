/* The ports that are forwarded to a guest: those of its interfaces, and those of --port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "launcher/ports.h"

static const char vmi_text[] =
    "{\"spec\": {\"domain\": {\"devices\": {\"interfaces\": ["
    "{\"name\": \"a\", \"ports\": [{\"port\": 80}, {\"port\": 53, \"protocol\": \"UDP\"}]},"
    "{\"name\": \"b\", \"ports\": [{\"port\": 8080}]}]}}}}";

static const struct {
    const char *given[3];
    const char *result; /* INTERFACE:PORT<HERE, with u for UDP; or the error */
} cases[] = {
    {{NULL}, "a:80<80 a:53u<53 b:8080<8080 "},
    {{"80=8000", "8080=80"}, "a:80<8000 a:53u<53 b:8080<80 "},
    {{"53/udp=5353"}, "a:80<80 a:53u<5353 b:8080<8080 "},
    {{"53=5353", "22/tcp=2222"}, "a:80<80 a:53u<53 b:8080<8080 a:53<5353 a:22<2222 "},
    {{"0=1"}, "--port 0=1: must be GUEST=HERE"},
    {{"65536=1"}, "--port 65536=1: must be GUEST=HERE"},
    {{"22=ssh"}, "--port 22=ssh: must be GUEST=HERE"},
    {{"22/sctp=22"}, "--port 22/sctp=22: must be GUEST=HERE"},
    {{"22/=22"}, "--port 22/=22: must be GUEST=HERE"},
};

static char *describe(const struct launcher_ports *ports)
{
    char *text = xstrdup("");
    for (size_t i = 0; i < ports->count; i++) {
        const struct machine_port *port = &ports->items[i];
        auto_free char *before = text;
        text = xasprintf("%s%s:%d%s<%d ", before, port->interface, port->number,
            port->udp ? "u" : "", port->here);
    }
    return text;
}

static void test_ports(UNUSED void **state)
{
    auto_json json_t *vmi = json_parse(vmi_text, strlen(vmi_text), 16, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct pairs given = {0};
        struct launcher_ports ports;
        auto_error struct error *error = NULL;
        for (size_t k = 0; k < ARRAY_SIZE(cases[i].given) && cases[i].given[k] != NULL; k++)
            assert_int_equal(pairs_add(&given, cases[i].given[k], "", NULL), 0);
        if (launcher_ports_find(&ports, vmi, &given, &error) < 0) {
            assert_int_equal(error->class, ERROR_USAGE);
            assert_true(text_starts_with(error->message, cases[i].result));
        } else {
            auto_free char *text = describe(&ports);
            assert_string_equal(text, cases[i].result);
        }
        launcher_ports_clear(&ports);
        pairs_clear(&given);
    }
}

/* A machine whose interface is not written in the VMI. */
static void test_no_interface(UNUSED void **state)
{
    auto_json json_t *vmi = json_pack("{s:{}}", "spec");
    struct pairs given = {0};
    struct launcher_ports ports;
    assert_int_equal(pairs_add(&given, "22=2222", "", NULL), 0);
    assert_int_equal(launcher_ports_find(&ports, vmi, &given, NULL), 0);
    auto_free char *text = describe(&ports);
    assert_string_equal(text, "default:22<2222 ");
    launcher_ports_clear(&ports);
    pairs_clear(&given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_no_interface),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
