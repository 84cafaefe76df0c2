#include "guest/kvm.h"

#include "base/unused.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    GIVE_UP_SECONDS = 3,
    SLOW_MS = 100, /* of processor time; a processor that runs them in hardware needs one or two */
};

/* How a try ended, as the exit status of the process that made it. */
enum outcome { WORKS, NO_MACHINE, NO_PROCESSOR, NOT_RUN, SLOW };

static const char *const reasons[] = {
    [NO_MACHINE] = "it cannot create a virtual machine",
    [NO_PROCESSOR] = "it cannot create a virtual processor",
    [NOT_RUN] = "it could not run a small program",
    [SLOW] = "it runs each instruction in software, slower than QEMU's own emulation",
};

#ifdef __x86_64__

/* The guest's memory: its program and the page tables that map the first 2 MiB onto themselves. */
enum {
    MEMORY_SIZE = 2 << 20,
    CODE = 0x1000,
    TABLE_4 = 0x2000,
    TABLE_3 = 0x3000,
    TABLE_2 = 0x4000,
    PRESENT_WRITABLE = 3,
    LARGE_PAGE = 0x80,
    PORT = 0x10, /* where the program says that it is done */
};

/* Counts a million down, in 64-bit mode, and writes to the port. */
static const uint8_t program[] = {
    0xb9, 0x40, 0x42, 0x0f, 0x00, /* mov ecx, 1000000 */
    0xff, 0xc9, /* dec ecx */
    0x75, 0xfc, /* jnz -4 */
    0x48, 0x31, 0xc0, /* xor rax, rax */
    0xe6, PORT, /* out PORT, al */
};

static bool memory_give(int machine)
{
    uint8_t *memory =
        mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    memcpy(memory + CODE, program, sizeof(program));
    *(uint64_t *)(void *)(memory + TABLE_4) = TABLE_3 | PRESENT_WRITABLE;
    *(uint64_t *)(void *)(memory + TABLE_3) = TABLE_2 | PRESENT_WRITABLE;
    *(uint64_t *)(void *)(memory + TABLE_2) = LARGE_PAGE | PRESENT_WRITABLE;
    struct kvm_userspace_memory_region region = {
        .memory_size = MEMORY_SIZE, .userspace_addr = (uintptr_t)memory};
    return ioctl(machine, KVM_SET_USER_MEMORY_REGION, &region) == 0;
}

/* Puts the processor into 64-bit mode with flat segments, at the program.
 * Source: Intel's Software Developer's Manual, volume 3, "IA-32e Mode". */
static bool registers_set(int processor)
{
    struct kvm_sregs system = {0};
    if (ioctl(processor, KVM_GET_SREGS, &system) < 0)
        return false;
    struct kvm_segment code = {
        .limit = UINT32_MAX, .selector = 8, .type = 11, .present = 1, .s = 1, .l = 1, .g = 1};
    struct kvm_segment data = {
        .limit = UINT32_MAX, .selector = 16, .type = 3, .present = 1, .s = 1, .db = 1, .g = 1};
    system.cs = code;
    system.ds = system.es = system.fs = system.gs = system.ss = data;
    system.cr0 = 0x80000011; /* paging, extension type, protection */
    system.cr3 = TABLE_4;
    system.cr4 = 0x20; /* physical address extension */
    system.efer = 0x500; /* long mode, enabled and active */
    struct kvm_regs general = {.rip = CODE, .rflags = 2};
    return ioctl(processor, KVM_SET_SREGS, &system) == 0 &&
           ioctl(processor, KVM_SET_REGS, &general) == 0;
}

static enum outcome run(int kvm, int machine, int processor)
{
    int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (size < (int)sizeof(struct kvm_run))
        return NOT_RUN;
    const struct kvm_run *state =
        mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, processor, 0);
    if (state == MAP_FAILED || !memory_give(machine) || !registers_set(processor) ||
        ioctl(processor, KVM_RUN, 0) < 0)
        return NOT_RUN;
    if (state->exit_reason != KVM_EXIT_IO || state->io.port != PORT)
        return NOT_RUN;
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec == 0 && used.tv_nsec < SLOW_MS * 1000000L ? WORKS : SLOW;
}

#else

static enum outcome run(UNUSED int kvm, UNUSED int machine, UNUSED int processor)
{
    return WORKS;
}

#endif

static enum outcome try(int kvm)
{
    int machine = ioctl(kvm, KVM_CREATE_VM, 0);
    if (machine < 0)
        return NO_MACHINE;
    int processor = ioctl(machine, KVM_CREATE_VCPU, 0);
    return processor < 0 ? NO_PROCESSOR : run(kvm, machine, processor);
}

int guest_kvm_probe(struct error **err)
{
    auto_fd int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (kvm < 0)
        return error_set_errno(err, "opening /dev/kvm");
    /* In a child process: an alarm ends it if the kernel never returns, and everything goes away
     * with it. */
    pid_t child = fork();
    if (child < 0)
        return error_set_errno(err, "trying /dev/kvm");
    if (child == 0) {
        alarm(GIVE_UP_SECONDS);
        _exit(try(kvm));
    }
    int status = 0;
    if (TEMP_FAILURE_RETRY(waitpid(child, &status, 0)) < 0)
        return error_set_errno(err, "trying /dev/kvm");
    if (!WIFEXITED(status))
        return error_set(err, ERROR_IO, "trying /dev/kvm: it hangs");
    if (WEXITSTATUS(status) == WORKS)
        return 0;
    return error_set(err, ERROR_IO, "trying /dev/kvm: %s", reasons[WEXITSTATUS(status)]);
}
