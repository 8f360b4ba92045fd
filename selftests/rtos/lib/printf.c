// SPDX-License-Identifier: GPL-2.0
/* %c %s %d %u %x %%; numbers with '0', a width, l and ll. */
#include "rtos.h"

struct out {
	char *buf;
	size_t size, len;
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void put_string(struct out *o, const char *s)
{
	while (*s)
		put(o, *s++);
}

static void put_number(struct out *o, u64 v, unsigned int base, size_t width,
		       char pad, bool negative)
{
	char digits[20];
	size_t n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	if (negative)
		put(o, '-');
	for (; width > n; width--)
		put(o, pad);
	while (n)
		put(o, digits[--n]);
}

static u64 number_arg(va_list *ap, int longs, bool is_signed)
{
	if (longs)
		return __builtin_va_arg(*ap, u64);
	if (is_signed)
		return (s64)__builtin_va_arg(*ap, int);
	return __builtin_va_arg(*ap, u32);
}

static void put_field(struct out *o, const char **fmt, va_list *ap)
{
	char pad = **fmt == '0' ? '0' : ' ';
	size_t width = 0;
	int longs = 0;
	u64 v;

	for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++)
		width = width * 10 + **fmt - '0';
	for (; **fmt == 'l'; (*fmt)++)
		longs++;

	switch (*(*fmt)++) {
	case 'c':
		put(o, __builtin_va_arg(*ap, int));
		break;
	case 's':
		put_string(o, __builtin_va_arg(*ap, const char *));
		break;
	case 'd':
		v = number_arg(ap, longs, true);
		put_number(o, (s64)v < 0 ? -v : v, 10, width, pad, (s64)v < 0);
		break;
	case 'u':
		put_number(o, number_arg(ap, longs, false), 10, width, pad, false);
		break;
	case 'x':
		put_number(o, number_arg(ap, longs, false), 16, width, pad, false);
		break;
	default:
		put(o, (*fmt)[-1]);
	}
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = { .buf = buf, .size = size };
	va_list args;

	__builtin_va_copy(args, ap);
	while (*fmt) {
		char c = *fmt++;

		if (c == '%' && *fmt)
			put_field(&o, &fmt, &args);
		else
			put(&o, c);
	}
	__builtin_va_end(args);
	if (size)
		buf[min(o.len, size - 1)] = '\0';
	return o.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	__builtin_va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	__builtin_va_end(ap);
	return n;
}

int printf(const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int n;

	__builtin_va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	__builtin_va_end(ap);
	console_write(line, strlen(line));
	return n;
}
