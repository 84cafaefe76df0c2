/* Passwords and SSH keys in cloud-init's user data: what is replaced, and that every other byte
 * stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "appliance/userdata_keys.h"
#include "appliance/userdata_password.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"

#define CC "#cloud-config\n"
#define NEW "n3w-1"

/* expected NULL: the password cannot be replaced, or the text not be read, and error says why. */
static const struct {
    const char *text;
    size_t count; /* of literal passwords */
    const char *expected;
    const char *error;
} passwords[] = {
    {CC "password: old # mine\nuser: x\n", 1, CC "password: n3w-1 # mine\nuser: x\n", NULL},
    {CC "password: 'old'\n", 1, CC "password: n3w-1\n", NULL},
    {CC "password: \"o\\x6cd\"\r\nuser: x\r\n", 1, CC "password: n3w-1\r\nuser: x\r\n", NULL},
    {CC "password: 123456\n", 1, CC "password: n3w-1\n", NULL},
    {CC "password: |\n  old\nuser: x\n", 1, CC "password: n3w-1\nuser: x\n", NULL},
    {CC "password: &pw old\nnote: *pw\n", 1, CC "password: &pw n3w-1\nnote: *pw\n", NULL},
    {CC "{password: old, user: x}", 1, CC "{password: n3w-1, user: x}", NULL},
    {CC "{\"password\": \"old\"}", 1, CC "{\"password\": n3w-1}", NULL},
    {CC "{\"password\":\"old\"}", 1, CC "{\"password\": n3w-1}", NULL},
    {CC "password: $6$salt$hash\n", 1, CC "password: n3w-1\n", NULL},
    /* accounts */
    {CC "users:\n- name: a\n  plain_text_passwd: old\n- default\n", 1,
        CC "users:\n- name: a\n  plain_text_passwd: n3w-1\n- default\n", NULL},
    {CC "users:\n  - passwd: $6$a$b\n    name: a\n  - name: b\n    hashed_passwd: '$6$c$d'\n", 2,
        CC "users:\n  - plain_text_passwd: n3w-1\n    name: a\n"
           "  - name: b\n    plain_text_passwd: n3w-1\n",
        NULL},
    {CC "users: [{name: a, \"passwd\": $6$x}]\n", 1,
        CC "users: [{name: a, \"plain_text_passwd\": n3w-1}]\n", NULL},
    {CC "users:\n  a: {passwd: $6$x}\n", 1, CC "users:\n  a: {plain_text_passwd: n3w-1}\n", NULL},
    {CC "user: {name: a, passwd: $6$x}\n", 1, CC "user: {name: a, plain_text_passwd: n3w-1}\n",
        NULL},
    {CC "users:\n- {passwd: '*'}\n- {passwd: '!'}\n- {hashed_passwd: \"\"}\n", 0,
        CC "users:\n- {passwd: '*'}\n- {passwd: '!'}\n- {hashed_passwd: \"\"}\n", NULL},
    {CC "users:\n- {passwd: $6$x, plain_text_passwd: old}\n", 2, NULL,
        "the password users[0].passwd cannot be replaced: the account has another one: leave one "
        "of them"},
    {CC "users:\n- passwd: # why\n    $6$x\n", 1, NULL,
        "the password users[0].passwd cannot be replaced: write it on the line of its key, as "
        "plain_text_passwd"},
    {CC "x: &x old\npassword: *x\n", 1, NULL,
        "the password password cannot be replaced: an alias repeats it: write it out"},
    /* chpasswd */
    {CC "chpasswd:\n  list: |\n    root:old\n    # no\n    a:RANDOM\n    b:$6$x:y  \n  expire: "
        "no\n",
        2,
        CC "chpasswd:\n  list: |\n    root:n3w-1\n    # no\n    a:RANDOM\n    b:n3w-1\n  expire: "
           "no\n",
        NULL},
    {CC "chpasswd: {list: \"root:old\", expire: False}\n", 1,
        CC "chpasswd: {list: \"root:n3w-1\", expire: False}\n", NULL},
    {CC "chpasswd: {list: \"root:o\\x6cd\"}\n", 1, NULL,
        "the password chpasswd.list cannot be replaced: write the list as a block, \"list: |\""},
    {CC "chpasswd:\n  list:\n  - root:old\n  - a:R\n", 1,
        CC "chpasswd:\n  list:\n  - \"root:n3w-1\"\n  - a:R\n", NULL},
    {CC "chpasswd:\n  users:\n  - name: a\n    password: $6$x\n  - name: b\n    type: RANDOM\n", 1,
        CC "chpasswd:\n  users:\n  - name: a\n    type: text\n    password: n3w-1\n  - name: b\n"
           "    type: RANDOM\n",
        NULL},
    {CC "chpasswd:\n  users:\n  - {name: a, password: $6$x}\n", 1,
        CC "chpasswd:\n  users:\n  - {name: a, type: text, password: n3w-1}\n", NULL},
    {CC "chpasswd:\n  users:\n  - {name: a, password: old, type: text}\n  - password: $6$x\n"
        "    type: hash # yes\n",
        2,
        CC "chpasswd:\n  users:\n  - {name: a, password: n3w-1, type: text}\n  - password: n3w-1\n"
           "    type: text # yes\n",
        NULL},
    {CC "chpasswd:\n  users:\n  - password: $6$x\n    type: \n    name: a\n", 1,
        CC "chpasswd:\n  users:\n  - password: n3w-1\n    type: text \n    name: a\n", NULL},
    /* Ubuntu's installer */
    {CC "autoinstall:\n  identity: {password: $6$x}\n", 1, NULL,
        "the password autoinstall.identity.password cannot be replaced: it must be a hash"},
    {CC "autoinstall:\n  user-data:\n    users:\n    - plain_text_passwd: old\n", 1,
        CC "autoinstall:\n  user-data:\n    users:\n    - plain_text_passwd: n3w-1\n", NULL},
    /* a template of Jinja */
    {"## template: jinja\n" CC "password: old\n", 1, "## template: jinja\n" CC "password: n3w-1\n",
        NULL},
    /* not passwords of accounts, and not a cloud-config */
    {CC "write_files: [{path: /a, content: \"password: old\"}]\n", 0,
        CC "write_files: [{path: /a, content: \"password: old\"}]\n", NULL},
    {CC "rh_subscription: {username: a, password: old}\n", 0,
        CC "rh_subscription: {username: a, password: old}\n", NULL},
    {"#!/bin/sh\npassword: old\n", 0, "#!/bin/sh\npassword: old\n", NULL},
    {"#cloud-config-archive\n- password: old\n", 0, "#cloud-config-archive\n- password: old\n",
        NULL},
    {CC, 0, CC, NULL},
    {"#cloud-config", 0, "#cloud-config", NULL},
    {"", 0, "", NULL},
    /* what cannot be read */
    {CC "- password: old\n", 0, NULL, "userData: must be a YAML mapping, not an array"},
    {CC "a: 1\n---\npassword: old\n", 0, NULL, "userData: more than one YAML document"},
    {CC "a: [\n", 0, NULL, "userData:3:1: not valid YAML"},
};

static void test_passwords(UNUSED void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(passwords); i++) {
        struct appliance_userdata userdata;
        auto_error struct error *error = NULL;
        int result = appliance_userdata_read(&userdata, passwords[i].text, &error);
        if (result == 0)
            assert_int_equal(userdata.password_count, passwords[i].count);
        for (size_t j = 0; result == 0 && j < userdata.password_count; j++)
            result =
                appliance_userdata_set_password(&userdata, &userdata.passwords[j], NEW, &error);
        if (passwords[i].expected == NULL) {
            assert_int_equal(result, -1);
            if (!text_starts_with(error->message, passwords[i].error))
                assert_string_equal(error->message, passwords[i].error);
        } else {
            assert_int_equal(result, 0);
            auto_free char *text = appliance_userdata_write(&userdata);
            assert_string_equal(text, passwords[i].expected);
        }
        appliance_userdata_clear(&userdata);
    }
}

/* A password that YAML would read as something else is quoted. */
static void test_quoting(UNUSED void **state)
{
    static const struct {
        const char *password;
        const char *expected;
    } cases[] = {
        {"correct-horse-9", "correct-horse-9"},
        {"1234", "\"1234\""},
        {"1e5", "\"1e5\""},
        {"true", "\"true\""},
        {"No", "\"No\""},
        {"a: b #c", "\"a: b #c\""},
        {"say \"hi\" \\ o/", "\"say \\\"hi\\\" \\\\ o/\""},
        {"größe", "\"größe\""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct appliance_userdata userdata;
        struct appliance_userdata again;
        assert_int_equal(appliance_userdata_read(&userdata, CC "password: x1\n", NULL), 0);
        assert_int_equal(appliance_userdata_set_password(
                             &userdata, &userdata.passwords[0], cases[i].password, NULL),
            0);
        auto_free char *text = appliance_userdata_write(&userdata);
        auto_free char *expected = xasprintf(CC "password: %s\n", cases[i].expected);
        assert_string_equal(text, expected);
        assert_int_equal(appliance_userdata_read(&again, text, NULL), 0);
        assert_string_equal(
            json_get_string(again.stream.documents[0].root, "password"), cases[i].password);
        appliance_userdata_clear(&again);
        appliance_userdata_clear(&userdata);
    }
}

static void test_is_password(UNUSED void **state)
{
    char longest[258];
    memset(longest, 'a', sizeof(longest));
    longest[256] = '\0';
    assert_true(appliance_userdata_is_password(longest));
    longest[256] = 'a';
    longest[257] = '\0';
    assert_false(appliance_userdata_is_password(longest));
    assert_true(appliance_userdata_is_password("pässword with spaces"));
    assert_false(appliance_userdata_is_password(""));
    assert_false(appliance_userdata_is_password("two\nlines"));
    assert_false(appliance_userdata_is_password("\xff"));
}

/* A value that stands for a parameter in the boilerplate is not a literal password of it. */
static void test_reference(UNUSED void **state)
{
    struct appliance_userdata before;
    struct appliance_userdata after;
    assert_int_equal(
        appliance_userdata_read(
            &before, CC "password: ${PW}\nchpasswd:\n  list: |\n    a:one\n    b:${PW}\n", NULL),
        0);
    assert_int_equal(appliance_userdata_read(&after,
                         CC "password: x1\nchpasswd:\n  list: |\n    a:one\n    b:x1\n", NULL),
        0);
    assert_int_equal(after.password_count, 3);
    assert_true(appliance_userdata_is_reference(&before, &after.passwords[0]));
    assert_false(appliance_userdata_is_reference(&before, &after.passwords[1]));
    assert_true(appliance_userdata_is_reference(&before, &after.passwords[2]));
    appliance_userdata_clear(&before);
    appliance_userdata_clear(&after);
}

/* expected NULL: the text cannot be added to. */
static const struct {
    const char *text;
    const char *expected;
} keys[] = {
    {CC "user: x\n", CC "ssh_authorized_keys:\n  - \"k 1\"\n  - \"k 2\"\nuser: x\n"},
    {CC "\n# note\n  user: x\n  a: b\n",
        CC "\n# note\n  ssh_authorized_keys:\n    - \"k 1\"\n    - \"k 2\"\n  user: x\n  a: b\n"},
    {CC, CC "ssh_authorized_keys:\n  - \"k 1\"\n  - \"k 2\"\n"},
    {"#cloud-config", CC "ssh_authorized_keys:\n  - \"k 1\"\n  - \"k 2\"\n"},
    {CC "{}", CC "{ssh_authorized_keys: [\"k 1\", \"k 2\"]}"},
    {CC "{user: x}", CC "{ssh_authorized_keys: [\"k 1\", \"k 2\"], user: x}"},
    {CC "ssh_authorized_keys:\n- old # mine\nuser: x\n",
        CC "ssh_authorized_keys:\n- \"k 1\"\n- \"k 2\"\n- old # mine\nuser: x\n"},
    {CC "ssh_authorized_keys:\n    - old\n    - k 1\n",
        CC "ssh_authorized_keys:\n    - \"k 2\"\n    - old\n    - k 1\n"},
    {CC "ssh_authorized_keys: [old]\n", CC "ssh_authorized_keys: [\"k 1\", \"k 2\", old]\n"},
    {CC "ssh_authorized_keys: []\n", CC "ssh_authorized_keys: [\"k 1\", \"k 2\"]\n"},
    {CC "ssh_authorized_keys: [k 2, k 1]\n", CC "ssh_authorized_keys: [k 2, k 1]\n"},
    /* accounts: the top level is the default account's, which a list may leave out */
    {CC "users:\n  - default\n  - name: a\n",
        CC "ssh_authorized_keys:\n  - \"k 1\"\n  - \"k 2\"\nusers:\n  - default\n  - name: a\n"},
    {CC "users:\n  - name: a\n  - name: b\n",
        CC "users:\n  - ssh_authorized_keys:\n      - \"k 1\"\n      - \"k 2\"\n    name: a\n"
           "  - name: b\n"},
    {CC "users:\n  - {name: a, ssh_authorized_keys: [x]}\n",
        CC "users:\n  - {name: a, ssh_authorized_keys: [\"k 1\", \"k 2\", x]}\n"},
    {CC "ssh_authorized_keys:\nuser: x\n", NULL},
    {CC "ssh_authorized_keys: &k [old]\n", NULL},
    {CC "k: &k [old]\nssh_authorized_keys: *k\n", NULL},
    {"#!/bin/sh\n", NULL},
};

static void test_keys(UNUSED void **state)
{
    char first[] = "k 1";
    char second[] = "k 2";
    char *items[] = {first, second};
    const struct option_texts texts = {.items = items, .count = ARRAY_SIZE(items)};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        struct appliance_userdata userdata;
        struct appliance_userdata again;
        assert_int_equal(appliance_userdata_read(&userdata, keys[i].text, NULL), 0);
        assert_int_equal(appliance_userdata_add_keys(&userdata, &texts), keys[i].expected != NULL);
        auto_free char *text = appliance_userdata_write(&userdata);
        assert_string_equal(text, text_or(keys[i].expected, keys[i].text));
        assert_int_equal(appliance_userdata_read(&again, text, NULL), 0);
        appliance_userdata_clear(&again);
        appliance_userdata_clear(&userdata);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passwords),
        cmocka_unit_test(test_quoting),
        cmocka_unit_test(test_is_password),
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
