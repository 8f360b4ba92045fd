// SPDX-License-Identifier: GPL-2.0
/* The compiler calls the first four by itself.  Pages are the usual operand. */
#include "rtos.h"

void *memcpy(void *to, const void *from, size_t n)
{
	size_t words = n / 8, rest = n % 8;
	void *d = to;

	asm volatile("rep movsq" : "+D" (d), "+S" (from), "+c" (words) : : "memory");
	asm volatile("rep movsb" : "+D" (d), "+S" (from), "+c" (rest) : : "memory");
	return to;
}

void *memset(void *to, int c, size_t n)
{
	size_t words = n / 8, rest = n % 8;
	u64 v = (u8)c * 0x0101010101010101ULL;
	void *d = to;

	asm volatile("rep stosq" : "+D" (d), "+c" (words) : "a" (v) : "memory");
	asm volatile("rep stosb" : "+D" (d), "+c" (rest) : "a" (v) : "memory");
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	u8 *d = to;
	const u8 *s = from;

	if (d <= s || d >= s + n)
		return memcpy(to, from, n);
	while (n--)
		d[n] = s[n];
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}
