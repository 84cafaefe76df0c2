#include "domain/write.h"

#include <libxml/xmlwriter.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <utstring.h>

#include "base/memory.h"

struct domain_writer {
    xmlBufferPtr buffer;
    xmlTextWriterPtr writer;
};

struct domain_writer *domain_writer_new(void)
{
    struct domain_writer *writer = xmalloc(sizeof(*writer));
    writer->buffer = xmlBufferCreate();
    writer->writer = writer->buffer != NULL ? xmlNewTextWriterMemory(writer->buffer, 0) : NULL;
    if (writer->writer == NULL)
        abort(); /* out of memory */
    xmlTextWriterSetIndent(writer->writer, 1);
    xmlTextWriterSetIndentString(writer->writer, BAD_CAST "\t");
    return writer;
}

void domain_writer_free(struct domain_writer *writer)
{
    if (writer == NULL)
        return;
    xmlFreeTextWriter(writer->writer);
    xmlBufferFree(writer->buffer);
    free(writer);
}

/* How encoding/xml of Go, with which KubeVirt writes, escapes a character of a value; NULL: it
 * stays as it is. */
static const char *escape_of(char character)
{
    switch (character) {
    case '"':
        return "&#34;";
    case '\'':
        return "&#39;";
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '\t':
        return "&#x9;";
    case '\n':
        return "&#xA;";
    case '\r':
        return "&#xD;";
    default:
        return NULL;
    }
}

/* Writes a value, escaped: the content of the innermost element, or of the open attribute. */
static void write_value(struct domain_writer *writer, const char *value)
{
    UT_string escaped;
    utstring_init(&escaped);
    for (const char *character = value; *character != '\0'; character++) {
        const char *escape = escape_of(*character);
        utstring_bincpy(
            &escaped, escape != NULL ? escape : character, escape != NULL ? strlen(escape) : 1);
    }
    xmlTextWriterWriteRaw(writer->writer, BAD_CAST utstring_body(&escaped));
    utstring_done(&escaped);
}

void domain_open_element(struct domain_writer *writer, const char *const *element)
{
    xmlTextWriterStartElement(writer->writer, BAD_CAST element[0]);
    for (const char *const *name = element + 1; name[0] != NULL; name += 2) {
        if (name[1] == NULL)
            continue;
        xmlTextWriterStartAttribute(writer->writer, BAD_CAST name[0]);
        write_value(writer, name[1]);
        xmlTextWriterEndAttribute(writer->writer);
    }
}

void domain_close(struct domain_writer *writer)
{
    xmlTextWriterFullEndElement(writer->writer);
}

void domain_empty_element(struct domain_writer *writer, const char *const *element)
{
    domain_open_element(writer, element);
    domain_close(writer);
}

void domain_content(struct domain_writer *writer, const char *text)
{
    write_value(writer, text);
}

void domain_text(struct domain_writer *writer, const char *element, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    auto_free char *text = xvasprintf(format, args);
    va_end(args);
    domain_open(writer, element);
    write_value(writer, text);
    domain_close(writer);
}

char *domain_writer_finish(struct domain_writer *writer, size_t *length)
{
    xmlTextWriterFlush(writer->writer);
    *length = (size_t)xmlBufferLength(writer->buffer);
    if (*length > 0) /* libxml2 ends the last line, KubeVirt does not */
        (*length)--;
    return xstrndup((const char *)xmlBufferContent(writer->buffer), *length);
}
