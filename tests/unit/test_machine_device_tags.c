/* What a config drive says about tagged devices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/unused.h"
#include "machine/device_tags.h"

static json_t *machine_with(const char *interfaces)
{
    json_t *list = json_parse(interfaces, strlen(interfaces), 8, NULL);
    assert_non_null(list);
    return json_pack("{s:{s:{s:{s:o}}}}", "spec", "domain", "devices", "interfaces", list);
}

static const char tagged[] = "[{\"name\": \"front\", \"tag\": \"public\"}, {\"name\": \"plain\"}, "
                             "{\"name\": \"empty\", \"tag\": \"\"}, "
                             "{\"name\": \"back\", \"tag\": \"private\"}, "
                             "{\"name\": \"gone\", \"tag\": \"lost\"}]";

static void only_a_config_drive_tells_of_them(UNUSED void **state)
{
    static const struct {
        const char *interfaces, *source;
        bool told;
    } cases[] = {
        {tagged, "configDrive", true},
        {tagged, "noCloud", false},
        {"[{\"name\": \"a\"}, {\"name\": \"b\", \"tag\": \"\"}]", "configDrive", false},
        {"[]", "configDrive", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *vmi = machine_with(cases[i].interfaces);
        auto_json json_t *data = json_pack("{s:s}", "DataSource", cases[i].source);
        assert_int_equal(machine_device_tags_are_told(vmi, data), cases[i].told);
        assert_false(machine_device_tags_are_told(vmi, NULL));
    }
}

/* The members are KubeVirt's, in its order. */
static void each_has_its_place(UNUSED void **state)
{
    static const struct {
        const char *alias, *mac, *pci;
    } given[] = {
        {"ua-back", NULL, "0000:02:00.0"},
        {"ua-front", "52:54:00:00:00:01", "0000:01:00.0"},
        {"ua-plain", NULL, "0000:03:00.0"},
        {NULL, NULL, "0000:04:00.0"},
        {"ua-gone", "52:54:00:00:00:02", NULL},
    };
    struct domain_interface items[ARRAY_SIZE(given)];
    for (size_t i = 0; i < ARRAY_SIZE(given); i++)
        items[i] = (struct domain_interface){
            (char *)given[i].alias, (char *)given[i].mac, (char *)given[i].pci};
    const struct domain_interfaces interfaces = {items, ARRAY_SIZE(items)};
    auto_json json_t *vmi = machine_with(tagged);
    const char *missing = NULL;
    auto_json json_t *data = machine_device_tags_data(vmi, &interfaces, &missing);
    auto_free char *text = json_dumps(data, JSON_COMPACT);
    assert_string_equal(text,
        "[{\"type\":\"nic\",\"bus\":\"pci\",\"address\":\"0000:01:00.0\","
        "\"mac\":\"52:54:00:00:00:01\",\"tags\":[\"public\"]},"
        "{\"type\":\"nic\",\"bus\":\"pci\",\"address\":\"0000:02:00.0\",\"tags\":[\"private\"]}]");
    assert_string_equal(missing, "gone");
}

static void without_an_address_there_is_nothing_to_tell(UNUSED void **state)
{
    const struct domain_interfaces none = {0};
    auto_json json_t *vmi = machine_with(tagged);
    const char *missing = NULL;
    assert_null(machine_device_tags_data(vmi, &none, &missing));
    assert_string_equal(missing, "front");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_config_drive_tells_of_them),
        cmocka_unit_test(each_has_its_place),
        cmocka_unit_test(without_an_address_there_is_nothing_to_tell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
