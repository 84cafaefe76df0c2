#include "appliance/ovf_guest.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"

struct guest_name {
    const char *begins; /* in any letter case */
    const char *preference;
};

/* The vendors' types. Of two that match, the first. */
static const struct guest_name types[] = {
    /* VMware's */
    {"rhel10", "rhel.10"},
    {"rhel9", "rhel.9"},
    {"rhel8", "rhel.8"},
    {"rhel7", "rhel.7"},
    {"rhel", "linux"},
    {"centos10", "centos.stream10"},
    {"centos9", "centos.stream9"},
    {"oracleLinux", "oraclelinux"},
    {"sles", "sles"},
    {"windows9Server", "windows.2k16"},
    {"windows9", "windows.10"},
    {"windows2019srvNext", "windows.2k22"},
    {"windows2019srv", "windows.2k19"},
    {"windows2022srvNext", "windows.2k25"},
    {"windows8Server", "windows.2k12"},
    {"windows7Server", "windows.2k8"},
    {"winLonghorn", "windows.2k8"},
    {"winNet", "windows.2k3"},
    {"winXP", "windows.xp"},
    {"rockylinux", "linux"},
    {"almalinux", "linux"},
    {"other24xLinux", "linux"},
    {"other26xLinux", "linux"},
    {"other3xLinux", "linux"},
    {"other4xLinux", "linux"},
    {"other5xLinux", "linux"},
    {"other6xLinux", "linux"},
    {"otherLinux", "linux"},
    {"centos", "linux"},
    {"vmwarePhoton", "linux"},
    {"amazonlinux", "linux"},
    /* VirtualBox's, and what both call alike */
    {"RedHat10", "rhel.10"},
    {"RedHat9", "rhel.9"},
    {"RedHat8", "rhel.8"},
    {"RedHat7", "rhel.7"},
    {"RedHat", "linux"},
    {"Fedora", "fedora"},
    {"Debian", "debian"},
    {"Ubuntu", "ubuntu"},
    {"Xubuntu", "ubuntu"},
    {"Lubuntu", "ubuntu"},
    {"Oracle", "oraclelinux"},
    {"OpenSUSE_Tumbleweed", "opensuse.tumbleweed"},
    {"OpenSUSE", "opensuse.leap"},
    {"SUSE_LE", "sles"},
    {"Linux", "linux"},
    {"ArchLinux", "linux"},
    {"Gentoo", "linux"},
    {"Windows11", "windows.11"},
    {"Windows10", "windows.10"},
    {"Windows2025", "windows.2k25"},
    {"Windows2022", "windows.2k22"},
    {"Windows2019", "windows.2k19"},
    {"Windows2016", "windows.2k16"},
    {"Windows2012", "windows.2k12"},
    {"Windows2008", "windows.2k8"},
    {"Windows2003", "windows.2k3"},
    {"Windows7", "windows.7"},
    {"WindowsXP", "windows.xp"},
};

/* Words of a description, in any letter case; a version is looked for behind those with %. Of two
 * that match, the first. */
static const struct guest_name words[] = {
    {"Red Hat Enterprise Linux %", "rhel.%"},
    {"RHEL %", "rhel.%"},
    {"Red Hat", "linux"},
    {"CentOS Stream %", "centos.stream%"},
    {"CentOS", "linux"},
    {"Fedora", "fedora"},
    {"Debian", "debian"},
    {"Ubuntu", "ubuntu"},
    {"Tumbleweed", "opensuse.tumbleweed"},
    {"openSUSE", "opensuse.leap"},
    {"SUSE", "sles"},
    {"Oracle Linux", "oraclelinux"},
    {"Alpine", "alpine"},
    {"Server 2025", "windows.2k25"},
    {"Server 2022", "windows.2k22"},
    {"Server 2019", "windows.2k19"},
    {"Server 2016", "windows.2k16"},
    {"Server 2012", "windows.2k12"},
    {"Server 2008", "windows.2k8"},
    {"Server 2003", "windows.2k3"},
    {"Windows 11", "windows.11"},
    {"Windows 10", "windows.10"},
    {"Windows 7", "windows.7"},
    {"Windows XP", "windows.xp"},
    {"Linux", "linux"},
};

/* Numbers of CIM_OperatingSystem.OSType. */
static const struct {
    int id;
    const char *preference; /* NULL: none, though it is Windows */
} numbers[] = {
    {36, "linux"},
    {67, "windows.xp"},
    {69, "windows.2k3"},
    {70, "windows.2k3"},
    {71, "windows.xp"},
    {73, NULL},
    {74, NULL},
    {76, "windows.2k8"},
    {77, "windows.2k8"},
    {79, "linux"},
    {80, "linux"},
    {82, "sles"},
    {83, "sles"},
    {84, "sles"},
    {85, "sles"},
    {93, "ubuntu"},
    {94, "ubuntu"},
    {95, "debian"},
    {96, "debian"},
    {97, "linux"},
    {98, "linux"},
    {99, "linux"},
    {100, "linux"},
    {101, "linux"},
    {103, "windows.2k8"},
    {105, "windows.7"},
    {106, "linux"},
    {107, "linux"},
    {108, "oraclelinux"},
    {109, "oraclelinux"},
    {112, "windows.2k12"},
    {113, NULL},
    {114, NULL},
    {115, "windows.2k12"},
    {116, "windows.2k16"},
    {117, NULL},
    {118, NULL},
    {119, "windows.10"},
    {120, "windows.10"},
};

static const char *preference_of_type(const char *type)
{
    for (size_t i = 0; type != NULL && i < ARRAY_SIZE(types); i++) {
        if (strncasecmp(type, types[i].begins, strlen(types[i].begins)) == 0)
            return types[i].preference;
    }
    return NULL;
}

/* The preferences of a version, which are known: "rhel.%" with 9. */
static const char *preference_of_version(const char *pattern, const char *version)
{
    static const char *const known[] = {
        "rhel.7", "rhel.8", "rhel.9", "rhel.10", "centos.stream9", "centos.stream10"};
    size_t stem = strcspn(pattern, "%");
    size_t digits = strspn(version, "0123456789");
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (strncmp(known[i], pattern, stem) == 0 && strlen(known[i]) == stem + digits &&
            strncmp(known[i] + stem, version, digits) == 0)
            return known[i];
    }
    return NULL;
}

static const char *preference_of_description(const char *description)
{
    for (size_t i = 0; description != NULL && i < ARRAY_SIZE(words); i++) {
        auto_free char *stem = xstrndup(words[i].begins, strcspn(words[i].begins, "%"));
        const char *found = strcasestr(description, stem);
        if (found == NULL)
            continue;
        if (strchr(words[i].preference, '%') == NULL)
            return words[i].preference;
        const char *preference = preference_of_version(words[i].preference, found + strlen(stem));
        if (preference != NULL)
            return preference;
    }
    return NULL;
}

/* The index of the number among those above, or -1. */
static int number_index(const char *id)
{
    long number = 0;
    if (id == NULL || !text_parse_int(id, 0, 1000, &number))
        return -1;
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        if (numbers[i].id == number)
            return (int)i;
    }
    return -1;
}

const char *appliance_ovf_guest_preference(const struct appliance_ovf_guest *guest)
{
    const char *by_type = preference_of_type(guest->vendor_type);
    if (by_type != NULL && !streq(by_type, "linux"))
        return by_type;
    const char *by_description = preference_of_description(guest->description);
    if (by_description != NULL && !streq(by_description, "linux"))
        return by_description;
    int index = number_index(guest->id);
    const char *by_number = index >= 0 ? numbers[index].preference : NULL;
    if (by_type != NULL || by_description != NULL)
        return text_or(by_type, by_description);
    return by_number;
}

bool appliance_ovf_guest_is_windows(const struct appliance_ovf_guest *guest)
{
    static const char prefix[] = "win";
    if (guest->vendor_type != NULL &&
        strncasecmp(guest->vendor_type, prefix, sizeof(prefix) - 1) == 0)
        return true;
    if (guest->description != NULL && strcasestr(guest->description, "windows") != NULL)
        return true;
    int index = number_index(guest->id);
    return index >= 0 && (numbers[index].preference == NULL ||
                             text_starts_with(numbers[index].preference, "windows"));
}
