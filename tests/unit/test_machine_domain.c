/* The domain outside its devices: what each field and each default of KubeVirt's makes of it. */
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
#include "machine/check.h"
#include "machine/convert.h"

enum { MAX_DEPTH = 32 };

#define MEMORY "'memory': {'guest': '128Mi'}"

/* A domain of a VMI in JSON, with ' for ", and a part of what it becomes. */
struct expectation {
    const char *domain; /* the members of spec.domain */
    const char *part; /* of the document */
};

#define TOPOLOGY(sockets, cores, threads)                                                          \
    "<topology sockets=\"" sockets "\" cores=\"" cores "\" threads=\"" threads "\"></topology>"
#define VCPU(id, enabled, hotpluggable)                                                            \
    "\t\t<vcpu id=\"" id "\" enabled=\"" enabled "\" hotpluggable=\"" hotpluggable "\"></vcpu>\n"

static const struct expectation memory_cases[] = {
    {MEMORY, "\t<memory unit=\"b\">134217728</memory>\n\t<os>\n"},
    {"'resources': {'requests': {'memory': '64Mi'}, 'limits': {'memory': '128Mi'}}",
        "<memory unit=\"b\">67108864</memory>"},
    {"'resources': {'limits': {'memory': '128Mi'}}", "<memory unit=\"b\">134217728</memory>"},
    {"'resources': {'requests': {'memory': 0}, 'limits': {'memory': '128Mi'}}",
        "<memory unit=\"b\">134217728</memory>"},
    {"'memory': {'hugepages': {'pageSize': '2Mi'}}", "<memory unit=\"b\">2097152</memory>"},
    /* memory that could be plugged in */
    {"'memory': {'guest': '1Gi'}",
        "<memory unit=\"b\">1073741824</memory>\n"
        "\t<maxMemory unit=\"b\" slots=\"0\">4294967296</maxMemory>\n\t<os>"},
    {"'memory': {'guest': '1025Mi'}", "<memory unit=\"b\">1074790400</memory>\n\t<os>"},
    {"'memory': {'guest': '1Gi', 'maxGuest': '2Gi'}",
        "<maxMemory unit=\"b\" slots=\"0\">2147483648</maxMemory>"},
    {"'memory': {'guest': '1Gi', 'maxGuest': '1Gi'}",
        "<memory unit=\"b\">1073741824</memory>\n\t<os>"},
    {"'memory': {'guest': '1Gi', 'maxGuest': '1025Mi'}",
        "<maxMemory unit=\"b\" slots=\"0\">1074790400</maxMemory>"},
    {"'memory': {'guest': '1026Mi', 'hugepages': {'pageSize': '2Mi'}}", "<maxMemory"},
    /* four times as much would be more than a number holds */
    {"'memory': {'guest': '3Ei'}", "<memory unit=\"b\">3458764513820540928</memory>\n\t<os>"},
    /* huge pages */
    {"'memory': {'guest': '64Mi', 'hugepages': {'pageSize': '2Mi'}}",
        "\t<memoryBacking>\n\t\t<hugepages></hugepages>\n\t\t<source type=\"memfd\"></source>\n"
        "\t</memoryBacking>\n\t<os>"},
    {"'memory': {'guest': '64Mi', 'hugepages': {'pageSize': '2Mi'}}",
        TOPOLOGY("4", "1", "1") "\n\t\t<numa>\n\t\t\t<cell id=\"0\" cpus=\"0-3\" memory=\"65536\" "
                                "unit=\"KiB\"></cell>\n\t\t</numa>\n\t</cpu>"},
};

static const struct expectation cpu_cases[] = {
    {MEMORY, "\t<cpu mode=\"host-model\">\n\t\t" TOPOLOGY("4", "1",
                 "1") "\n\t</cpu>\n"
                      "\t<vcpu placement=\"static\">4</vcpu>\n\t<vcpus>\n" VCPU("0", "yes", "no")
                          VCPU("1", "no", "yes") VCPU("2", "no", "yes")
                              VCPU("3", "no", "yes") "\t</vcpus>\n</domain>"},
    {MEMORY ", 'cpu': {'sockets': 1, 'cores': 2, 'threads': 2, 'maxSockets': 2}",
        "\t\t" TOPOLOGY("2", "2",
            "2") "\n\t</cpu>\n\t<vcpu placement=\"static\">8</vcpu>\n"
                 "\t<vcpus>\n" VCPU("0", "yes", "no") VCPU("1", "yes", "no") VCPU("2", "yes", "no")
                     VCPU("3", "yes", "no") VCPU("4", "no", "yes") VCPU("5", "no", "yes")
                         VCPU("6", "no", "yes") VCPU("7", "no", "yes") "\t</vcpus>"},
    {MEMORY ", 'cpu': {'sockets': 2}", TOPOLOGY("8", "1", "1")},
    {MEMORY ", 'cpu': {'sockets': 2}", VCPU("1", "yes", "yes")},
    {MEMORY ", 'cpu': {'maxSockets': 3}", TOPOLOGY("3", "1", "1")},
    /* without sockets none can be plugged in */
    {MEMORY ", 'cpu': {'cores': 3}",
        TOPOLOGY("1", "3", "1") "\n\t</cpu>\n\t<vcpu placement=\"static\">3</vcpu>\n</domain>"},
    {MEMORY ", 'cpu': {'threads': 2}",
        TOPOLOGY("1", "1", "2") "\n\t</cpu>\n\t<vcpu placement=\"static\">2</vcpu>\n</domain>"},
    /* at most 512 processors, unless the guest starts with more than that leaves room for */
    {MEMORY ", 'cpu': {'sockets': 2, 'cores': 100, 'threads': 1}", TOPOLOGY("5", "100", "1")},
    {MEMORY ", 'cpu': {'sockets': 1, 'cores': 300, 'threads': 1}", TOPOLOGY("1", "300", "1")},
    {MEMORY ", 'resources': {'limits': {'cpu': 2}, 'requests': {'cpu': 1}}",
        TOPOLOGY("8", "1", "1")},
    {MEMORY ", 'resources': {'requests': {'cpu': '1500m'}}", TOPOLOGY("8", "1", "1")},
    {MEMORY ", 'cpu': {'model': 'Haswell'}",
        "\t<cpu mode=\"custom\">\n\t\t<model>Haswell</model>\n"
        "\t\t<feature name=\"mpx\" policy=\"disable\"></feature>\n\t\t<topology"},
    {MEMORY ", 'cpu': {'features': [{'name': 'aes'}, {'name': 'mpx', 'policy': 'optional'}], "
            "'model': 'Haswell'}",
        "</model>\n\t\t<feature name=\"aes\"></feature>\n"
        "\t\t<feature name=\"mpx\" policy=\"optional\"></feature>\n\t\t<topology"},
    {MEMORY ", 'cpu': {'features': [{'name': 'vmx', 'policy': 'forbid'}]}",
        "<cpu mode=\"host-model\">\n\t\t<feature name=\"vmx\" policy=\"forbid\"></feature>\n"},
    {MEMORY ", 'cpu': {'model': '', 'features': [{'name': 'vmx', 'policy': ''}]}",
        "<cpu mode=\"host-model\">\n\t\t<feature name=\"vmx\"></feature>\n"},
    {MEMORY ", 'cpu': {'model': 'host-model', 'features': []}",
        "<cpu mode=\"host-model\">\n\t\t<t"},
    {MEMORY ", 'cpu': {'dedicatedCpuPlacement': false}", TOPOLOGY("4", "1", "1")},
};

static const struct expectation os_cases[] = {
    {MEMORY, "\t<os>\n\t\t<type arch=\"x86_64\" machine=\"q35\">hvm</type>\n"
             "\t\t<smbios mode=\"sysinfo\"></smbios>\n\t</os>\n"},
    {MEMORY ", 'machine': {'type': ''}", "machine=\"q35\""},
    {MEMORY ", 'machine': {'type': 'pc-q35-7.2'}", "machine=\"pc-q35-7.2\""},
    {MEMORY ", 'firmware': {'bootloader': {'bios': {'useSerial': true}}}",
        "\t\t<bios useserial=\"yes\"></bios>\n\t</os>"},
    {MEMORY ", 'firmware': {'bootloader': {'bios': {}}}", "</smbios>\n\t</os>"},
    {MEMORY ", 'firmware': {'bootloader': {'efi': {'secureBoot': false}}}",
        "\t\t<loader readonly=\"yes\" secure=\"no\" type=\"pflash\">/CODE.fd</loader>\n"
        "\t\t<nvram template=\"/VARS.fd\">/run/work/vm_VARS.fd</nvram>\n\t</os>"},
    {MEMORY ", 'firmware': {'bootloader': {'efi': {}}}, 'features': {'smm': {}}",
        "<loader readonly=\"yes\" secure=\"yes\" type=\"pflash\">"},
    {MEMORY ", 'firmware': {'bootloader': {'efi': {'persistent': true}}}, "
            "'features': {'smm': {'enabled': true}}",
        "/run/work/vm_VARS.fd</nvram>"},
    {MEMORY ", 'firmware': {'acpi': {'slicNameRef': 'windows', 'msdmNameRef': 'windows'}}",
        "hvm</type>\n\t\t<acpi>\n\t\t\t<table type=\"slic\">/secret/slic.bin</table>\n"
        "\t\t\t<table type=\"msdm\">/secret/msdm.bin</table>\n\t\t</acpi>\n\t\t<smbios"},
    {MEMORY ", 'firmware': {'kernelBoot': {'kernelArgs': 'quiet\\n', "
            "'container': {'kernelPath': '/boot/vmlinuz', 'initrdPath': ''}}}",
        "\t\t<kernel>/boot/vmlinuz</kernel>\n\t\t<cmdline>quiet&#xA;</cmdline>\n\t</os>"},
    {MEMORY ", 'firmware': {'kernelBoot': {'kernelArgs': 'a=\\\"b\\\"', 'container': {"
            "'kernelPath': '/boot/vmlinuz', 'initrdPath': '/boot/initrd'}}}",
        "\t\t<kernel>/boot/vmlinuz</kernel>\n\t\t<initrd>/boot/initrd</initrd>\n"
        "\t\t<cmdline>a=&#34;b&#34;</cmdline>\n\t</os>"},
};

static const struct expectation sysinfo_cases[] = {
    {MEMORY ", 'firmware': {'uuid': '5d307ca9-b3ef-428c-8861-06e72d69f223'}",
        "\t<sysinfo type=\"smbios\">\n\t\t<system>\n"
        "\t\t\t<entry name=\"uuid\">5d307ca9-b3ef-428c-8861-06e72d69f223</entry>\n"
        "\t\t\t<entry name=\"manufacturer\">KubeVirt</entry>\n"
        "\t\t\t<entry name=\"family\">KubeVirt</entry>\n"
        "\t\t\t<entry name=\"product\">None</entry>\n\t\t\t<entry name=\"sku\"></entry>\n"
        "\t\t\t<entry name=\"version\"></entry>\n\t\t</system>\n\t\t<bios></bios>\n"
        "\t\t<baseBoard></baseBoard>\n\t\t<chassis></chassis>\n\t</sysinfo>\n\t<devices>"},
    {MEMORY ", 'firmware': {'serial': 'e4'}",
        "</entry>\n\t\t\t<entry name=\"serial\">e4</entry>\n\t\t\t<entry name=\"manufacturer\">"},
    {MEMORY ", 'chassis': {'manufacturer': 'm', 'version': 'v', 'serial': 's', 'asset': 'a', "
            "'sku': 'k'}",
        "\t\t<chassis>\n\t\t\t<entry name=\"manufacturer\">m</entry>\n"
        "\t\t\t<entry name=\"version\">v</entry>\n\t\t\t<entry name=\"serial\">s</entry>\n"
        "\t\t\t<entry name=\"asset\">a</entry>\n\t\t\t<entry name=\"sku\">k</entry>\n"
        "\t\t</chassis>"},
    {MEMORY ", 'firmware': {'serial': 'a\\tb\\r'}", "<entry name=\"serial\">a&#x9;b&#xD;</entry>"},
    {MEMORY ", 'chassis': {'asset': 'a\\tb'}", "<entry name=\"asset\">a&#x9;b</entry>"},
    {MEMORY ", 'chassis': {'serial': 's'}",
        "\t\t\t<entry name=\"manufacturer\"></entry>\n\t\t\t<entry name=\"version\"></entry>\n"
        "\t\t\t<entry name=\"serial\">s</entry>\n\t\t\t<entry name=\"asset\"></entry>\n"},
    {MEMORY, "\t<metadata>\n\t\t<kubevirt xmlns=\"http://kubevirt.io\">\n\t\t\t<uid></uid>\n"
             "\t\t</kubevirt>\n\t</metadata>\n"},
};

static const struct expectation clock_cases[] = {
    {MEMORY, "</devices>\n\t<metadata>"},
    {MEMORY ", 'clock': {}", "</devices>\n\t<clock></clock>\n\t<metadata>"},
    {MEMORY ", 'clock': {'utc': {}}", "\t<clock offset=\"utc\" adjustment=\"reset\"></clock>\n"},
    {MEMORY ", 'clock': {'utc': {'offsetSeconds': 60}}",
        "\t<clock offset=\"utc\" adjustment=\"60\"></clock>\n"},
    {MEMORY ", 'clock': {'timezone': 'Europe/Rome'}",
        "\t<clock offset=\"timezone\" timezone=\"Europe/Rome\"></clock>\n"},
    {MEMORY ", 'clock': {'timer': {'rtc': {'tickPolicy': '', 'track': ''}}}",
        "\t\t<timer name=\"rtc\" present=\"yes\"></timer>\n\t</clock>"},
    {MEMORY ", 'clock': {'timezone': 'Europe/Rome', 'utc': {}}",
        "\t<clock offset=\"utc\" adjustment=\"reset\"></clock>\n"},
    {MEMORY ", 'clock': {'timer': {'hyperv': {}, 'hpet': {}, 'kvm': {}, 'pit': {}, 'rtc': {}}}",
        "\t<clock>\n\t\t<timer name=\"rtc\" present=\"yes\"></timer>\n"
        "\t\t<timer name=\"pit\" present=\"yes\"></timer>\n"
        "\t\t<timer name=\"kvmclock\" present=\"yes\"></timer>\n"
        "\t\t<timer name=\"hpet\" present=\"yes\"></timer>\n"
        "\t\t<timer name=\"hypervclock\" present=\"yes\"></timer>\n\t</clock>"},
    {MEMORY ", 'clock': {'timer': {'rtc': {'tickPolicy': 'catchup', 'track': 'wall', "
            "'present': false}, 'pit': {'tickPolicy': 'delay'}, 'hpet': {'tickPolicy': 'merge'}}}",
        "<timer name=\"rtc\" tickpolicy=\"catchup\" present=\"no\" track=\"wall\"></timer>\n"
        "\t\t<timer name=\"pit\" tickpolicy=\"delay\" present=\"yes\"></timer>\n"
        "\t\t<timer name=\"hpet\" tickpolicy=\"merge\" present=\"yes\"></timer>\n"},
};

#define FEATURES(content)                                                                          \
    "\t<features>\n\t\t<acpi></acpi>\n" content "\t\t<vmport "                                     \
    "state=\"off\"></vmport>\n\t</features>"
#define HYPERV(content) FEATURES("\t\t<hyperv>\n" content "\t\t</hyperv>\n")
#define STATE(name, state) "\t\t\t<" name " state=\"" state "\"></" name ">\n"

static const struct expectation feature_cases[] = {
    {MEMORY, FEATURES("")},
    {MEMORY ", 'features': {}", FEATURES("")},
    {MEMORY ", 'features': {'acpi': {'enabled': false}}", "\t<features>\n\t\t<vmport"},
    {MEMORY ", 'features': {'smm': {}, 'apic': {'endOfInterrupt': true}}",
        FEATURES("\t\t<apic></apic>\n\t\t<smm></smm>\n")},
    {MEMORY ", 'features': {'smm': {'enabled': false}, 'apic': {'enabled': false}}", FEATURES("")},
    {MEMORY ", 'features': {'kvm': {'hidden': true}, 'pvspinlock': {}}",
        FEATURES("\t\t<kvm>\n\t\t\t<hidden state=\"on\"></hidden>\n\t\t</kvm>\n"
                 "\t\t<pvspinlock state=\"on\"></pvspinlock>\n")},
    {MEMORY ", 'features': {'kvm': {}, 'pvspinlock': {'enabled': false}}",
        FEATURES("\t\t<kvm>\n\t\t\t<hidden state=\"off\"></hidden>\n\t\t</kvm>\n"
                 "\t\t<pvspinlock state=\"off\"></pvspinlock>\n")},
    {MEMORY ", 'features': {'hypervPassthrough': {'enabled': true}}",
        FEATURES("\t\t<hyperv mode=\"passthrough\"></hyperv>\n")},
    {MEMORY ", 'features': {'hypervPassthrough': {}}", FEATURES("")},
    {MEMORY ", 'features': {'hyperv': {}}", FEATURES("\t\t<hyperv></hyperv>\n")},
    /* each enlightenment, in libvirt's order */
    {MEMORY ", 'features': {'hyperv': {'vpindex': {}, 'spinlocks': {'spinlocks': 8191}, "
            "'vapic': {}, 'relaxed': {}}}",
        HYPERV("\t\t\t<relaxed state=\"on\"></relaxed>\n"
               "\t\t\t<vapic state=\"on\"></vapic>\n"
               "\t\t\t<spinlocks state=\"on\" retries=\"8191\"></spinlocks>\n"
               "\t\t\t<vpindex state=\"on\"></vpindex>\n")},
    {MEMORY ", 'features': {'hyperv': {'vendorid': {'vendorid': 'me'}, 'reset': {}, "
            "'synictimer': {'direct': {}}, 'synic': {}, 'runtime': {}, 'vpindex': {}}}",
        HYPERV("\t\t\t<vpindex state=\"on\"></vpindex>\n"
               "\t\t\t<runtime state=\"on\"></runtime>\n"
               "\t\t\t<synic state=\"on\"></synic>\n"
               "\t\t\t<stimer state=\"on\">\n"
               "\t\t\t\t<direct state=\"on\"></direct>\n"
               "\t\t\t</stimer>\n"
               "\t\t\t<reset state=\"on\"></reset>\n"
               "\t\t\t<vendor_id state=\"on\" value=\"me\"></vendor_id>\n")},
    {MEMORY ", 'features': {'hyperv': {'evmcs': {}, 'ipi': {}, 'tlbflush': {'direct': {}, "
            "'extended': {'enabled': false}}, 'reenlightenment': {}, 'frequencies': {}, "
            "'vpindex': {}, 'vapic': {}}}",
        HYPERV("\t\t\t<vapic state=\"on\"></vapic>\n"
               "\t\t\t<vpindex state=\"on\"></vpindex>\n"
               "\t\t\t<frequencies state=\"on\"></frequencies>\n"
               "\t\t\t<reenlightenment state=\"on\"></reenlightenment>\n"
               "\t\t\t<tlbflush state=\"on\">\n"
               "\t\t\t\t<direct state=\"on\"></direct>\n"
               "\t\t\t\t<extended state=\"off\"></extended>\n"
               "\t\t\t</tlbflush>\n"
               "\t\t\t<ipi state=\"on\"></ipi>\n"
               "\t\t\t<evmcs state=\"on\"></evmcs>\n")},
    {MEMORY ", 'features': {'hyperv': {'spinlocks': {}}}",
        HYPERV("\t\t\t<spinlocks state=\"on\" retries=\"4096\"></spinlocks>\n")},
    {MEMORY ", 'features': {'hyperv': {'spinlocks': {'enabled': false}}}",
        HYPERV(STATE("spinlocks", "off"))},
    {MEMORY ", 'features': {'hyperv': {'relaxed': {'enabled': false}}}",
        HYPERV(STATE("relaxed", "off"))},
    /* what an enlightenment needs is turned on */
    {MEMORY ", 'features': {'hyperv': {'synictimer': {}}}",
        HYPERV(STATE("vpindex", "on") STATE("synic", "on") STATE("stimer", "on"))},
    {MEMORY ", 'features': {'hyperv': {'tlbflush': {}}}",
        HYPERV(STATE("vpindex", "on") STATE("tlbflush", "on"))},
    {MEMORY ", 'features': {'hyperv': {'ipi': {'enabled': false}}}", HYPERV(STATE("ipi", "off"))},
    {MEMORY ", 'features': {'hyperv': {'evmcs': {}}}",
        HYPERV(STATE("vapic", "on") STATE("evmcs", "on"))},
    {MEMORY ", 'features': {'hyperv': {'evmcs': {}}}",
        "<feature name=\"vmx\" policy=\"require\"></feature>"},
    {MEMORY ", 'features': {'hyperv': {'evmcs': {}}}, "
            "'cpu': {'features': [{'name': 'vmx', 'policy': 'optional'}]}",
        "<feature name=\"vmx\" policy=\"require\"></feature>\n\t\t<topology"},
};

static const struct expectation end_cases[] = {
    {MEMORY ", 'ioThreadsPolicy': 'shared'", "</vcpus>\n\t<iothreads>1</iothreads>\n</domain>"},
    /* the volume without a disk has one, too */
    {MEMORY ", 'ioThreadsPolicy': 'auto'", "<iothreads>1</iothreads>"},
    {MEMORY ", 'ioThreadsPolicy': 'supplementalPool', 'ioThreads': "
            "{'supplementalPoolThreadCount': 4}",
        "<iothreads>4</iothreads>"},
    {MEMORY ", 'rebootPolicy': 'Terminate'",
        "</vcpus>\n\t<on_reboot>destroy</on_reboot>\n</domain>"},
    {MEMORY ", 'rebootPolicy': 'Reboot', 'ioThreadsPolicy': 'shared'",
        "</iothreads>\n\t<on_reboot>restart</on_reboot>\n</domain>"},
    {MEMORY, "</vcpus>\n</domain>"},
};

static int find_firmware(UNUSED bool secure_boot, UNUSED bool any, const char **code,
    const char **vars, UNUSED struct error **err)
{
    *code = "/CODE.fd";
    *vars = "/VARS.fd";
    return 0;
}

/* Converts a VMI with these members of spec.domain, more members of spec, and these annotations.
 * Returns the document, or NULL if it is refused; owned by the caller. */
static char *convert(
    const char *domain, const char *more, const char *annotations, struct findings *findings)
{
    auto_free char *text =
        xasprintf("{'metadata': {'name': 'vm', 'annotations': {%s}}, 'spec': {'volumes': [{'name': "
                  "'windows', 'secret': {'secretName': 'w'}}], %s 'domain': {%s}}}",
            annotations, more, domain);
    for (char *quote = text; (quote = strchr(quote, '\'')) != NULL;)
        *quote = '"';
    auto_error struct error *error = NULL;
    auto_json json_t *vmi = json_parse(text, strlen(text), MAX_DEPTH, &error);
    if (vmi == NULL)
        fail_msg("%s: %s", text, error->message);
    const struct machine_host host = {
        .find_firmware = find_firmware, .work_directory = "/run/work", .dry_run = true};
    static char source[] = "/secret";
    static char path[] = "/run/work/windows.iso";
    struct machine_volume volume = {.name = "windows",
        .kind = MACHINE_DIRECTORY_ISO,
        .source = source,
        .path = path,
        .format = "raw",
        .spec = json_array_get(json_object_get(json_object_get(vmi, "spec"), "volumes"), 0)};
    const struct machine_volumes volumes = {.items = &volume, .count = 1};
    machine_check(vmi, findings);
    size_t length = 0;
    return findings->errors == 0 ? machine_convert(vmi, &volumes, &host, &length, findings) : NULL;
}

static void expect_all(const struct expectation *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct findings findings = {0};
        auto_free char *xml = convert(cases[i].domain, "", "", &findings);
        if (xml == NULL)
            fail_msg("%s: %s", cases[i].domain, findings.items[0].message);
        else if (strstr(xml, cases[i].part) == NULL)
            fail_msg("%s\nlacks\n%s\n%s", cases[i].domain, cases[i].part, xml);
        findings_clear(&findings);
    }
}

static void test_memory(UNUSED void **state)
{
    expect_all(memory_cases, ARRAY_SIZE(memory_cases));
}

static void test_cpu(UNUSED void **state)
{
    expect_all(cpu_cases, ARRAY_SIZE(cpu_cases));
}

static void test_os(UNUSED void **state)
{
    expect_all(os_cases, ARRAY_SIZE(os_cases));
}

static void test_sysinfo(UNUSED void **state)
{
    expect_all(sysinfo_cases, ARRAY_SIZE(sysinfo_cases));
}

static void test_clock(UNUSED void **state)
{
    expect_all(clock_cases, ARRAY_SIZE(clock_cases));
}

static void test_features(UNUSED void **state)
{
    expect_all(feature_cases, ARRAY_SIZE(feature_cases));
}

static void test_end(UNUSED void **state)
{
    expect_all(end_cases, ARRAY_SIZE(end_cases));
}

#define INTERFACE(name) "{'name': '" name "', 'masquerade': {}}"
#define NETWORK(name) "{'name': '" name "', 'pod': {}}"

/* Hooks for QEMU's command line depend on the namespace in the root. */
static void test_root(UNUSED void **state)
{
    static const char fresh[] =
        "<domain type=\"qemu\" xmlns:qemu=\"http://libvirt.org/schemas/domain/qemu/1.0\">\n";
    static const char plain[] = "<domain type=\"qemu\">\n";
    static const struct {
        const char *domain;
        const char *more;
        const char *annotations;
        const char *root;
    } cases[] = {
        {MEMORY, "", "", fresh}, /* it has the interface to the pod's network */
        {MEMORY ", 'devices': {'autoattachPodInterface': false}", "", "", plain},
        {MEMORY ", 'devices': {'interfaces': [" INTERFACE("a") "]}",
            "'networks': [" NETWORK("a") "],", "", fresh},
        {MEMORY ", 'devices': {'interfaces': [" INTERFACE("a") ", " INTERFACE("b") ", " INTERFACE(
             "c") ", " INTERFACE("d") "]}",
            "'networks': [" NETWORK("a") ", " NETWORK("b") ", " NETWORK("c") ", " NETWORK("d") "],",
            "", plain},
        {MEMORY, "", "'kubevirt.io/placePCIDevicesOnRootComplex': 'true'", plain},
        {MEMORY, "", "'kubevirt.io/pci-interface-slot-count': '1'", plain},
        {MEMORY ", 'devices': {'autoattachPodInterface': false}", "",
            "'kubevirt.io/pci-interface-slot-count': '6'", fresh},
        /* root ports are added to what a hook returned */
        {MEMORY ", 'devices': {'autoattachPodInterface': false}", "",
            "'kubevirt.io/pci-interface-slot-count': '2'", plain},
        {"'memory': {'guest': '4Gi'}", "", "", plain},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct findings findings = {0};
        auto_free char *xml =
            convert(cases[i].domain, cases[i].more, cases[i].annotations, &findings);
        if (xml == NULL)
            fail_msg("%zu: %s", i, findings.items[0].message);
        else if (!text_starts_with(xml, cases[i].root))
            fail_msg("%zu: %s", i, xml);
        findings_clear(&findings);
    }
}

/* Memory in huge pages is a file, unless an annotation says no. */
static void test_no_memfd(UNUSED void **state)
{
    struct findings findings = {0};
    auto_free char *xml = convert("'memory': {'hugepages': {'pageSize': '2Mi'}}", "",
        "'kubevirt.io/memfd': 'false'", &findings);
    assert_non_null(
        strstr(xml, "<memoryBacking>\n\t\t<hugepages></hugepages>\n\t</memoryBacking>"));
    assert_null(strstr(xml, "<numa>"));
    findings_clear(&findings);
}

static void test_paused(UNUSED void **state)
{
    struct findings findings = {0};
    auto_free char *xml = convert(MEMORY, "'startStrategy': 'Paused',", "", &findings);
    assert_non_null(
        strstr(xml, "</smbios>\n\t\t<bootmenu enable=\"yes\" timeout=\"10000\"></bootmenu>\n"));
    assert_int_equal(findings.count, 1);
    assert_string_equal(findings.items[0].pointer, "/spec/startStrategy");
    findings_clear(&findings);
}

static void test_ignition(UNUSED void **state)
{
    struct findings findings = {0};
    auto_free char *xml = convert(MEMORY, "", "'kubevirt.io/ignitiondata': '{}'", &findings);
    assert_non_null(xml);
    assert_int_equal(findings.count, 1);
    assert_string_equal(
        findings.items[0].pointer, "/metadata/annotations/kubevirt.io~1ignitiondata");
    findings_clear(&findings);
}

static void test_faults(UNUSED void **state)
{
    static const struct {
        const char *domain;
        const char *pointer;
        const char *message; /* a part of it */
    } cases[] = {
        {"'memory': {'guest': '1Gi', 'maxGuest': '512Mi'}", "/spec/domain/memory/maxGuest",
            "must not be less than the guest's memory of 1073741824 bytes"},
        {"'memory': {'guest': '1Gi', 'maxGuest': '0'}", "/spec/domain/memory/maxGuest",
            "must not be less than the guest's memory of 1073741824 bytes"},
        {"'memory': {'guest': '3Mi', 'hugepages': {'pageSize': '2Mi'}}",
            "/spec/domain/memory/hugepages/pageSize", "must divide the guest's memory"},
        {"'memory': {'guest': '2Mi', 'hugepages': {'pageSize': '0'}}",
            "/spec/domain/memory/hugepages/pageSize", "must divide the guest's memory"},
        {"'memory': {'guest': '2Mi', 'hugepages': {}}", "/spec/domain/memory/hugepages/pageSize",
            "is required"},
        {MEMORY ", 'cpu': {'sockets': 4, 'maxSockets': 2}", "/spec/domain/cpu/maxSockets",
            "must not be less than the 4 sockets that the guest starts with"},
        {MEMORY ", 'cpu': {'cores': 8, 'maxSockets': 512}", "/spec/domain/cpu/maxSockets",
            "makes 4096 processors; the maximum is 2048"},
        {MEMORY ", 'resources': {'limits': {'cpu': '1G'}}", "/spec/domain/cpu",
            "makes 513 processors; the maximum is 512"},
        {MEMORY ", 'cpu': {'features': [{'name': 'aes', 'policy': 'on'}]}",
            "/spec/domain/cpu/features/0/policy",
            "must be force, require, optional, disable or forbid, not \"on\""},
        {MEMORY ", 'cpu': {'features': [{'name': 'a b'}]}", "/spec/domain/cpu/features/0/name",
            "must be a feature that libvirt knows, such as \"aes\", not \"a b\""},
        {MEMORY ", 'features': {'hyperv': {'vendorid': {'vendorid': '1234567890123'}}}",
            "/spec/domain/features/hyperv/vendorid/vendorid",
            "must be at most 12 bytes without a comma, not \"1234567890123\""},
        {MEMORY ", 'features': {'hyperv': {'vendorid': {'vendorid': 'a,b'}}}",
            "/spec/domain/features/hyperv/vendorid/vendorid", "without a comma, not \"a,b\""},
        {MEMORY ", 'cpu': {'dedicatedCpuPlacement': true}",
            "/spec/domain/cpu/dedicatedCpuPlacement",
            "is not supported by hook-launcher: the kubelet's CPU manager"},
        {MEMORY ", 'cpu': {'numa': {'guestMappingPassthrough': {}}}", "/spec/domain/cpu/numa",
            "is not supported by hook-launcher: it copies"},
        {MEMORY ", 'cpu': {'realtime': {}}", "/spec/domain/cpu/realtime",
            "is not supported by hook-launcher: it needs"},
        {MEMORY ", 'launchSecurity': {'sev': {}}", "/spec/domain/launchSecurity",
            "is not supported by hook-launcher: an encrypted guest needs"},
        {MEMORY ", 'features': {'hyperv': {'synic': {}, 'vpindex': {'enabled': false}}}",
            "/spec/domain/features/hyperv/synic", "needs vpindex, which is turned off"},
        {MEMORY ", 'clock': {'timezone': ''}", "/spec/domain/clock/timezone",
            "must be a time zone, such as \"Europe/Rome\", not \"\""},
        /* what is a pointer in KubeVirt's API is not absent if it is empty */
        {MEMORY ", 'ioThreadsPolicy': ''", "/spec/domain/ioThreadsPolicy",
            "must be shared, auto or supplementalPool, not \"\""},
        {MEMORY ", 'devices': {'video': {'type': ''}}", "/spec/domain/devices/video/type",
            "must be vga, cirrus, virtio, ramfb or bochs, not \"\""},
        {MEMORY ", 'devices': {'panicDevices': [{'model': ''}]}",
            "/spec/domain/devices/panicDevices/0/model", "not \"\""},
        {MEMORY ", 'firmware': {'serial': 'a\\u0001'}", "/spec/domain/firmware/serial",
            "contains characters that cannot be printed: \"a\\x01\""},
        {MEMORY ", 'ioThreadsPolicy': 'supplementalPool'", "/spec/domain/ioThreads",
            "must have supplementalPoolThreadCount"},
        {MEMORY ", 'firmware': {'acpi': {}}", "/spec/domain/firmware/acpi",
            "must have slicNameRef or msdmNameRef"},
        {MEMORY ", 'firmware': {'acpi': {'slicNameRef': 'linux'}}",
            "/spec/domain/firmware/acpi/slicNameRef",
            "must be the name of a volume that is a secret, not \"linux\""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct findings findings = {0};
        assert_null(convert(cases[i].domain, "", "", &findings));
        assert_int_equal(findings.count, 1);
        assert_string_equal(findings.items[0].pointer, cases[i].pointer);
        if (strstr(findings.items[0].message, cases[i].message) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", findings.items[0].message, cases[i].message);
        findings_clear(&findings);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_cpu),
        cmocka_unit_test(test_os),
        cmocka_unit_test(test_sysinfo),
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_features),
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_root),
        cmocka_unit_test(test_no_memfd),
        cmocka_unit_test(test_paused),
        cmocka_unit_test(test_ignition),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
