/* Messages of hook calls, accessed by the names of their fields. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/unused.h"
#include "hooks/message.h"
#include "proto/callbacks_v1alpha2.pb-c.h"
#include "proto/callbacks_v1alpha3.pb-c.h"

static void a_request_is_of_its_version(UNUSED void **state)
{
    const struct hooks_field fields[] = {{"vmi", bytes_of("{}")},
        {"cloudInitData", bytes_of("data")}, {"cloudInitNoCloudSource", bytes_of("")}};
    auto_free ProtobufCMessage *message =
        hooks_message_request("v1alpha2", HOOKS_PRE_CLOUD_INIT_ISO, fields, ARRAY_SIZE(fields));
    assert_ptr_equal(
        message->descriptor, &kubevirt__hooks__v1alpha2__pre_cloud_init_iso_params__descriptor);
    const Kubevirt__Hooks__V1alpha2__PreCloudInitIsoParams *request = (const void *)message;
    assert_int_equal(request->vmi.len, 2);
    assert_memory_equal(request->vmi.data, "{}", 2);
    assert_int_equal(request->cloudinitdata.len, 4);
    assert_memory_equal(request->cloudinitdata.data, "data", 4);
    assert_int_equal(request->cloudinitnocloudsource.len, 0);
}

static void a_request_may_have_no_fields(UNUSED void **state)
{
    auto_free ProtobufCMessage *message =
        hooks_message_request("v1alpha3", HOOKS_SHUTDOWN, NULL, 0);
    assert_ptr_equal(message->descriptor, &kubevirt__hooks__v1alpha3__shutdown_params__descriptor);
    assert_int_equal(protobuf_c_message_get_packed_size(message), 0);
}

static void a_field_is_read_by_its_name(UNUSED void **state)
{
    Kubevirt__Hooks__V1alpha3__OnDefineDomainResult result =
        KUBEVIRT__HOOKS__V1ALPHA3__ON_DEFINE_DOMAIN_RESULT__INIT;
    struct bytes field = hooks_message_field(&result.base, "domainXML");
    assert_int_equal(field.length, 0);
    assert_string_equal(field.data, "");
    result.domainxml = (ProtobufCBinaryData){3, (uint8_t *)"<a>"};
    field = hooks_message_field(&result.base, "domainXML");
    assert_int_equal(field.length, 3);
    assert_ptr_equal(field.data, result.domainxml.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_of_its_version),
        cmocka_unit_test(a_request_may_have_no_fields),
        cmocka_unit_test(a_field_is_read_by_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
