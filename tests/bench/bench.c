/* Measures what the design asks for, on the real programs and real sockets: prints a table, and
 * writes the same as JSON.
 *
 *     bench BUILD-DIRECTORY OUTPUT.json [RUNS]
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "annotations/launcher.h"
#include "annotations/minimal_pod.h"
#include "annotations/parse.h"
#include "annotations/patch.h"
#include "annotations/render.h"
#include "appliance/complete.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "guest/firmware.h"
#include "guest/image.h"
#include "machine/check.h"
#include "machine/convert.h"
#include "tests/bench/bridge.h"
#include "tests/bench/sample.h"
#include "tests/bench/sidecars.h"

enum { RUNS_DEFAULT = 40, RUNS_MIN = 20, RUNS_MAX = 1000 };

static json_t *report;
static long runs = RUNS_DEFAULT;

static void finish(struct sample *sample)
{
    sample_print(sample);
    json_array_append_new(report, sample_json(sample));
    sample_clear(sample);
}

static char *program(const struct bench *bench, const char *name)
{
    return file_join(bench->build, name);
}

/* Runs hook-manager once to completion; returns how long that took. */
static double run_manager(const struct bench *bench, const char *command, size_t sidecars)
{
    auto_free char *manager = program(bench, "hook-manager");
    auto_free char *vmi = file_join(bench->directory, "vmi.json");
    auto_free char *domain = file_join(bench->directory, "domain.xml");
    auto_free char *timings = file_join(bench->directory, "timings");
    auto_free char *count = xasprintf("%zu", sidecars);
    const char *const argv[] = {manager, command, "--sidecars", count, "--socket-dir",
        bench->sockets, "--vmi", vmi, "--timings", timings, NULL};
    const char *const collect[] = {
        manager, command, "--sidecars", count, "--socket-dir", bench->sockets, NULL};
    double start = sample_now();
    struct process process = process_start(streq(command, "collect") ? collect : argv, domain, 1);
    free(process_finish(&process));
    return sample_now() - start;
}

static void measure_collect(const struct bench *bench)
{
    struct sample sample = {
        .name = "`hook-manager collect` of 3 ready sidecars, process start included",
        .unit = "ms",
        .target = "8 ms",
    };
    struct process *sidecars = sidecars_start(bench, 3);
    for (long i = 0; i < runs; i++)
        sample_add(&sample, run_manager(bench, "collect", 3));
    sidecars_end(sidecars, 3);
    sockets_clear(bench);
    finish(&sample);
}

/* The shim listens elsewhere, and its socket is moved to where the manager waits. Measures from
 * then until the manager has printed the result of Info. */
static void measure_late_socket(const struct bench *bench)
{
    struct sample sample = {
        .name = "a late socket, from its appearance until the manager has printed what Info said",
        .unit = "ms",
        .target = "5 ms",
    };
    auto_free char *manager = program(bench, "hook-manager");
    auto_free char *waiting = file_join(bench->directory, "late");
    auto_free char *here = file_join(bench->sockets, "hook-sidecar-0");
    const char *const argv[] = {manager, "collect", "--sidecars", "1", "--socket-dir", waiting,
        "--log-level", "debug", NULL};
    for (long i = 0; i < runs; i++) {
        struct process *sidecars = sidecars_start(bench, 1);
        file_make_directories(waiting, 0755, NULL);
        auto_free char *there = file_join(waiting, "hook-sidecar-0");
        struct process process = process_start(argv, NULL, 1);
        process_wait_watching(&process);
        double start = sample_now();
        if (rename(here, there) < 0) {
            perror("bench: rename");
            exit(1);
        }
        process_wait_output(&process);
        sample_add(&sample, sample_now() - start);
        free(process_finish(&process));
        sidecars_end(sidecars, 1);
        file_remove_tree(waiting, NULL);
    }
    sockets_clear(bench);
    finish(&sample);
}

/* The last line of the manager's timings file. New reference. */
static json_t *last_timings(const struct bench *bench)
{
    auto_free char *path = file_join(bench->directory, "timings");
    auto_free char *text = NULL;
    size_t length = 0;
    if (file_read(path, 1 << 26, &text, &length, NULL) < 0 || length == 0) {
        fprintf(stderr, "bench: no timings in %s\n", path);
        exit(1);
    }
    text[length - 1] = '\0';
    const char *last = strrchr(text, '\n');
    last = last != NULL ? last + 1 : text;
    json_t *timings = json_parse(last, strlen(last), 16, NULL);
    if (timings == NULL) {
        fprintf(stderr, "bench: the timings are not JSON: %s\n", last);
        exit(1);
    }
    return timings;
}

/* The time to start count shells one after another as the hooks do, and nothing else. */
static double run_shells(const struct bench *bench, size_t count)
{
    auto_free char *hook = file_join(bench->directory, "bin/onDefineDomain");
    auto_free char *path = file_join(bench->directory, "domain.xml");
    auto_free char *domain = NULL;
    size_t length = 0;
    if (file_read(path, 1 << 20, &domain, &length, NULL) < 0)
        exit(1);
    const char *const argv[] = {hook, "--vmi", "{}", "--domain", domain, NULL};
    double start = sample_now();
    for (size_t i = 0; i < count; i++) {
        struct process process = process_start(argv, NULL, 1);
        free(process_finish(&process));
    }
    return sample_now() - start;
}

static void measure_chain(const struct bench *bench)
{
    struct sample chain = {
        .name = "chain through 3 shims, each running a shell script",
        .unit = "ms",
        .target = "half of KubeVirt's 8 to 11 ms",
    };
    struct sample shells = {.name = "starting the 3 shells alone", .unit = "ms", .target = ""};
    struct sample ratio = {
        .name = "chain, as a multiple of its shells alone", .unit = "×", .target = ""};
    struct process *sidecars = sidecars_start(bench, 3);
    for (long i = 0; i < runs; i++) {
        run_manager(bench, "on-define-domain", 3);
        auto_json json_t *timings = last_timings(bench);
        double alone = run_shells(bench, 3);
        double chained = json_number_value(json_object_get(timings, "chainMilliseconds"));
        sample_add(&chain, chained);
        sample_add(&shells, alone);
        sample_add(&ratio, chained / alone);
    }
    sidecars_end(sidecars, 3);
    sockets_clear(bench);
    finish(&chain);
    finish(&shells);
    finish(&ratio);
}

static void measure_sixteen(const struct bench *bench)
{
    struct sample whole = {
        .name = "collect and chain 16 such sidecars, process start included",
        .unit = "ms",
        .target = "35 ms",
    };
    struct sample shells = {.name = "starting the 16 shells alone", .unit = "ms", .target = ""};
    struct process *sidecars = sidecars_start(bench, 16);
    for (long i = 0; i < runs; i++) {
        sample_add(&whole, run_manager(bench, "on-define-domain", 16));
        sample_add(&shells, run_shells(bench, 16));
    }
    sidecars_end(sidecars, 16);
    sockets_clear(bench);
    finish(&whole);
    finish(&shells);
}

static void measure_bridge(const struct bench *bench)
{
    struct sample sample = {
        .name =
            "one MutateDomain call to `hook-manager serve` through 3 no-op sidecars, each a shim "
            "running a shell script",
        .unit = "ms",
        .target = "",
    };
    struct process *sidecars = sidecars_start(bench, 3);
    struct bridge *bridge = bridge_open(bench, 3);
    for (long i = 0; i < runs; i++) {
        double start = sample_now();
        bridge_call(bridge);
        sample_add(&sample, sample_now() - start);
    }
    bridge_close(bridge);
    sidecars_end(sidecars, 3);
    sockets_clear(bench);
    finish(&sample);
}

static void measure_shim_start(const struct bench *bench)
{
    struct sample sample = {
        .name = "shim, process start to listening socket", .unit = "ms", .target = "3 ms"};
    for (long i = 0; i < runs; i++) {
        double start = sample_now();
        struct process sidecar = sidecar_start(bench, 0);
        sidecar_wait(bench, 0);
        sample_add(&sample, sample_now() - start);
        process_end(&sidecar);
    }
    sockets_clear(bench);
    finish(&sample);
}

/* The sum of the given fields of /proc/PID/smaps_rollup, in MiB. */
static double memory_of(pid_t pid, const char *const *fields, size_t count)
{
    auto_free char *path = xasprintf("/proc/%d/smaps_rollup", pid);
    auto_free char *text = NULL;
    size_t length = 0;
    if (file_read(path, 1 << 16, &text, &length, NULL) < 0) {
        perror("bench: smaps_rollup");
        exit(1);
    }
    double kilobytes = 0;
    for (size_t i = 0; i < count; i++) {
        const char *found = strstr(text, fields[i]);
        kilobytes += found != NULL ? strtod(found + strlen(fields[i]), NULL) : 0;
    }
    return kilobytes / 1024;
}

static void measure_memory(const struct bench *bench)
{
    static const char *const resident_fields[] = {"\nRss:"};
    static const char *const private_fields[] = {"\nPrivate_Clean:", "\nPrivate_Dirty:"};
    struct sample resident = {
        .name = "shim, idle after a call: resident", .unit = "MiB", .target = "8 MiB"};
    struct sample private = {
        .name = "shim, idle after a call: private", .unit = "MiB", .target = "1 MiB"};
    enum { SHIMS = 4 }; /* more than one, so that shared memory does not count as private */
    for (long i = 0; i < runs; i += SHIMS) {
        struct process *sidecars = sidecars_start(bench, SHIMS);
        run_manager(bench, "on-define-domain", SHIMS);
        for (size_t k = 0; k < SHIMS; k++) {
            sample_add(&resident, memory_of(sidecars[k].pid, resident_fields, 1));
            sample_add(&private, memory_of(sidecars[k].pid, private_fields, 2));
        }
        sidecars_end(sidecars, SHIMS);
        sockets_clear(bench);
    }
    finish(&resident);
    finish(&private);
}

static void measure_render(void)
{
    static const char annotation[] =
        "[{\"args\": [\"--version\", \"v1alpha2\"], \"configMap\": {\"name\": \"my-config-map\", "
        "\"key\": \"my_script.sh\", \"hookPath\": \"/usr/bin/onDefineDomain\"}},"
        "{\"image\": \"registry.example/cow:v1\", \"imagePullPolicy\": \"IfNotPresent\", "
        "\"args\": [\"--version\", \"v1alpha2\"], \"hostPath\": {\"path\": "
        "\"/var/lib/kubevirt/images\", \"volumePath\": \"/host-images\", \"readOnly\": true}},"
        "{\"image\": \"registry.example/smbios:v1\", \"args\": [\"--version\", \"v1alpha2\"]}]";
    enum { PODS = 200 }; /* in one run */
    struct sample sample = {
        .name = "parse, validate, render one pod with 3 sidecars", .unit = "µs", .target = "50 µs"};
    auto_json json_t *vmi = json_pack("{s:s, s:{s:s, s:s}}", "kind", "VirtualMachineInstance",
        "metadata", "name", "bench", "namespace", "default");
    auto_json json_t *pod = annotations_minimal_pod(vmi, ANNOTATIONS_LAUNCHER_BUILTIN);
    for (long i = 0; i < runs; i++) {
        double start = sample_now();
        for (int k = 0; k < PODS; k++) {
            struct findings findings = {0};
            struct annotations_list *list =
                annotations_parse(annotation, strlen(annotation), NULL, &findings);
            auto_json json_t *rendered = annotations_render(pod, list, NULL, &findings);
            auto_json json_t *patch = annotations_patch(pod, rendered);
            if (json_array_size(patch) == 0) {
                fprintf(stderr, "bench: nothing was rendered\n");
                exit(1);
            }
            annotations_list_free(list);
            findings_clear(&findings);
        }
        sample_add(&sample, (sample_now() - start) / PODS * 1000);
    }
    finish(&sample);
}

/* Validates and converts a VMI with its volumes, which need not exist. Returns whether the result
 * is a domain. */
static bool convert(const json_t *vmi)
{
    struct machine_volume_options options = {
        .inspect = guest_image_inspect, .work_directory = "/run/bench", .dry_run = true};
    struct machine_host host = {
        .find_firmware = guest_firmware_find, .work_directory = "/run/bench", .dry_run = true};
    struct findings findings = {0};
    struct machine_volumes volumes;
    size_t length = 0;
    machine_check(vmi, &findings);
    machine_volumes_find(vmi, &options, &volumes, &findings);
    auto_free char *domain = machine_convert(vmi, &volumes, &host, &length, &findings);
    machine_volumes_clear(&volumes);
    findings_clear(&findings);
    return domain != NULL;
}

static void measure_convert(void)
{
    static const char path[] = "tests/data/machine/disks.yaml";
    enum { MACHINES = 50, MAX_BYTES = 1 << 20 }; /* in one run */
    struct sample sample = {
        .name = "a VMI with 13 volumes becomes a domain", .unit = "µs", .target = ""};
    char *text = NULL;
    size_t length = 0;
    struct yaml_stream stream;
    if (file_read(path, MAX_BYTES, &text, &length, NULL) < 0 ||
        yaml_parse(path, text, length, &stream, NULL) < 0) {
        fprintf(stderr, "bench: %s cannot be read\n", path);
        exit(1);
    }
    free(text);
    for (long i = 0; i < runs; i++) {
        double start = sample_now();
        for (int k = 0; k < MACHINES; k++) {
            if (!convert(stream.documents[0].root)) {
                fprintf(stderr, "bench: %s gave no domain\n", path);
                exit(1);
            }
        }
        sample_add(&sample, (sample_now() - start) / MACHINES * 1000);
    }
    yaml_stream_clear(&stream);
    finish(&sample);
}

static bool complete(const struct appliance_object *data_source, struct appliance_objects *objects)
{
    const struct appliance_request request = {.namespace = "demo", .name = "web1"};
    struct appliance_report findings = {0};
    struct appliance_completion completion;
    int result = appliance_complete(data_source, objects, &request, &completion, &findings);
    appliance_completion_clear(&completion);
    appliance_report_clear(&findings);
    return result == 0;
}

static void measure_completion(const char *path, const char *name, const char *target)
{
    enum { APPLIANCES = 50, MAX_BYTES = 1 << 20 }; /* in one run */
    struct sample sample = {.name = name, .unit = "µs", .target = target};
    struct appliance_objects objects = {0};
    char *text = NULL;
    size_t length = 0;
    struct yaml_stream stream = {0};
    if (file_read(path, MAX_BYTES, &text, &length, NULL) == 0 &&
        yaml_parse(path, text, length, &stream, NULL) == 0) {
        for (size_t i = 0; i < stream.count; i++)
            appliance_objects_add(&objects, path, &stream.documents[i]);
    }
    const struct appliance_object *data_source =
        appliance_objects_choose(&objects, APPLIANCE_DATA_SOURCE, NULL, NULL);
    if (data_source == NULL || !complete(data_source, &objects)) {
        fprintf(stderr, "bench: %s gave no VM\n", path);
        exit(1);
    }
    for (long i = 0; i < runs; i++) {
        double start = sample_now();
        for (int k = 0; k < APPLIANCES; k++)
            complete(data_source, &objects);
        sample_add(&sample, (sample_now() - start) / APPLIANCES * 1000);
    }
    appliance_objects_clear(&objects);
    yaml_stream_clear(&stream);
    free(text);
    finish(&sample);
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 4 ||
        (argc == 4 && !text_parse_int(argv[3], RUNS_MIN, RUNS_MAX, &runs))) {
        fprintf(stderr, "usage: bench BUILD-DIRECTORY OUTPUT.json [RUNS, at least %d]\n", RUNS_MIN);
        return 2;
    }
    struct bench bench;
    report = json_array();
    bench_open(&bench, argv[1]);
    sample_print_header();
    measure_collect(&bench);
    measure_late_socket(&bench);
    measure_chain(&bench);
    measure_sixteen(&bench);
    measure_bridge(&bench);
    measure_shim_start(&bench);
    measure_memory(&bench);
    measure_render();
    measure_convert();
    measure_completion("tests/data/appliance/complete/inferred.yaml",
        "an appliance with one disk becomes a VM, in process", "100 µs");
    measure_completion("tests/data/appliance/complete/identity.yaml",
        "the same with 4 passwords in its user data, which are replaced", "");
    bench_close(&bench);
    int status = json_dump_file(report, argv[2], JSON_INDENT(2));
    json_decref(report);
    return status == 0 ? 0 : 1;
}
