#include "appliance/ovf_label.h"

#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

char *appliance_ovf_label(const char *text, const char *otherwise)
{
    enum { LABEL_MAX = 63 };
    char label[LABEL_MAX + 1];
    size_t length = 0;
    for (const char *at = text_or(text, ""); *at != '\0' && length < LABEL_MAX; at++) {
        char letter = *at;
        if (letter >= 'A' && letter <= 'Z')
            letter += 'a' - 'A';
        if ((letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9'))
            label[length++] = letter;
        else if (length > 0 && label[length - 1] != '-')
            label[length++] = '-';
    }
    while (length > 0 && label[length - 1] == '-')
        length--;
    return length > 0 ? xstrndup(label, length) : xstrdup(otherwise);
}
