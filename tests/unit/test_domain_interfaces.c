/* The network interfaces of a domain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/text.h"
#include "base/unused.h"
#include "domain/interfaces.h"

static void test_interfaces(UNUSED void **state)
{
    static const char xml[] =
        "<domain xmlns:x='urn:x'><name>a</name><interface><alias name='outside'/></interface>"
        "<devices><disk><address type='pci' bus='0x09'/></disk>"
        "<interface type='user'><mac address='52:54:00:00:00:01'/><alias name='ua-front'/>"
        "<address type='pci' domain='0x0000' bus='0x1f' slot='0x02' function='0x3'/></interface>"
        "<interface type='user'><alias name='ua-back'/></interface>"
        "<x:interface><alias name='other'/></x:interface>"
        "<interface><alias name='ua-ccw'/><address type='ccw' cssid='0xfe'/></interface>"
        "<interface><address type='pci'/></interface></devices></domain>";
    static const struct {
        const char *alias, *mac, *pci;
    } expected[] = {
        {"ua-front", "52:54:00:00:00:01", "0000:1f:02.3"},
        {"ua-back", NULL, NULL},
        {"ua-ccw", NULL, NULL},
        {NULL, NULL, NULL},
    };
    struct domain_interfaces interfaces = {0};
    assert_int_equal(domain_interfaces_list(xml, strlen(xml), &interfaces, NULL), 0);
    assert_int_equal(interfaces.count, ARRAY_SIZE(expected));
    for (size_t i = 0; i < interfaces.count; i++) {
        const struct domain_interface *given = &interfaces.items[i];
        assert_string_equal(text_or(given->alias, "-"), text_or(expected[i].alias, "-"));
        assert_string_equal(text_or(given->mac, "-"), text_or(expected[i].mac, "-"));
        assert_string_equal(text_or(given->pci, "-"), text_or(expected[i].pci, "-"));
    }
    domain_interfaces_clear(&interfaces);
}

static void test_without_devices(UNUSED void **state)
{
    static const char xml[] = "<domain><name>a</name></domain>";
    struct domain_interfaces interfaces = {0};
    assert_int_equal(domain_interfaces_list(xml, strlen(xml), &interfaces, NULL), 0);
    assert_int_equal(interfaces.count, 0);
    domain_interfaces_clear(&interfaces);
}

static void test_what_is_no_domain(UNUSED void **state)
{
    static const char *const texts[] = {"", "<domain>", "<a/>", "<domain></domain>"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        auto_error struct error *error = NULL;
        struct domain_interfaces interfaces = {0};
        assert_int_equal(
            domain_interfaces_list(texts[i], strlen(texts[i]), &interfaces, &error), -1);
        assert_int_equal(error->class, ERROR_INPUT);
        assert_null(interfaces.items);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interfaces),
        cmocka_unit_test(test_without_devices),
        cmocka_unit_test(test_what_is_no_domain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
