#include "domain/write.h"

#include <libxml/xmlwriter.h>
#include <stdarg.h>
#include <stdlib.h>

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
    xmlTextWriterSetIndentString(writer->writer, BAD_CAST "  ");
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

void domain_open_element(struct domain_writer *writer, const char *const *element)
{
    xmlTextWriterStartElement(writer->writer, BAD_CAST element[0]);
    for (const char *const *name = element + 1; name[0] != NULL; name += 2) {
        if (name[1] != NULL)
            xmlTextWriterWriteAttribute(writer->writer, BAD_CAST name[0], BAD_CAST name[1]);
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
    xmlTextWriterWriteString(writer->writer, BAD_CAST text);
}

void domain_text(struct domain_writer *writer, const char *element, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    auto_free char *text = xvasprintf(format, args);
    va_end(args);
    xmlTextWriterWriteElement(writer->writer, BAD_CAST element, BAD_CAST text);
}

char *domain_writer_finish(struct domain_writer *writer, size_t *length)
{
    xmlTextWriterFlush(writer->writer);
    *length = (size_t)xmlBufferLength(writer->buffer);
    return xstrndup((const char *)xmlBufferContent(writer->buffer), *length);
}
