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

static void write_attributes(struct domain_writer *writer, va_list args)
{
    const char *name = NULL;
    while ((name = va_arg(args, const char *)) != NULL) {
        const char *value = va_arg(args, const char *);
        if (value != NULL)
            xmlTextWriterWriteAttribute(writer->writer, BAD_CAST name, BAD_CAST value);
    }
}

void domain_open(struct domain_writer *writer, const char *element, ...)
{
    xmlTextWriterStartElement(writer->writer, BAD_CAST element);
    va_list args;
    va_start(args, element);
    write_attributes(writer, args);
    va_end(args);
}

void domain_close(struct domain_writer *writer)
{
    xmlTextWriterFullEndElement(writer->writer);
}

void domain_empty(struct domain_writer *writer, const char *element, ...)
{
    xmlTextWriterStartElement(writer->writer, BAD_CAST element);
    va_list args;
    va_start(args, element);
    write_attributes(writer, args);
    va_end(args);
    xmlTextWriterFullEndElement(writer->writer);
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
