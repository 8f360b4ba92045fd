/* SPDX-License-Identifier: GPL-2.0 */
/* What every file needs: types, strings, console. */
#ifndef RTOS_H
#define RTOS_H

#include <linux/crtos_abi.h>
#include "asm.h"

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef unsigned __int128 u128;
typedef long long s64;
typedef _Bool bool;
typedef __SIZE_TYPE__ size_t;
typedef __builtin_va_list va_list;

#define true	1
#define false	0
#define NULL	((void *)0)

#define __noreturn	__attribute__((noreturn))
#define __packed	__attribute__((packed))
#define __aligned(n)	__attribute__((aligned(n)))
#define __used		__attribute__((used))
#define __section(s)	__attribute__((section(s)))
#define __printf(f, a)	__attribute__((format(printf, f, a)))

#define static_assert(e)	_Static_assert(e, #e)
#define offsetof(t, m)	__builtin_offsetof(t, m)

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BIT(n)		(1ULL << (n))
#define pick(a, op, b)							\
({									\
	__typeof__(a) a_ = (a);						\
	__typeof__(b) b_ = (b);						\
	a_ op b_ ? a_ : b_;						\
})
#define min(a, b)	pick(a, <, b)
#define max(a, b)	pick(a, >, b)

#define PAGE_SIZE	4096ULL
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define LARGE_PAGE	(2ULL << 20)
#define align_down(x, n)	((x) & ~((u64)(n) - 1))
#define align_up(x, n)							\
({									\
	__typeof__(n) n_ = (n);						\
	align_down((x) + n_ - 1, n_);					\
})

#define EPERM		1
#define ENOENT		2
#define ESRCH		3
#define EINTR		4
#define EAGAIN		11
#define ENOMEM		12
#define EACCES		13
#define EFAULT		14
#define EEXIST		17
#define ENODEV		19
#define ENOTDIR		20
#define EISDIR		21
#define EINVAL		22
#define ESPIPE		29
#define E2BIG		7
#define ENOEXEC		8
#define ENAMETOOLONG	36
#define EDEADLK		35
#define ENOSYS		38
#define ELOOP		40
#define ETIMEDOUT	110

void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
void *memmove(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int __printf(3, 4) snprintf(char *buf, size_t size, const char *fmt, ...);

void console_write(const char *s, size_t len);
int __printf(1, 2) printf(const char *fmt, ...);

/* The start of the region, seen through the direct map. */
extern struct crtos_header *header;

static inline void *region_ptr(u64 off)
{
	return (u8 *)header + off;
}

/*
 * What an image beside lib/ provides, for CPU 0 and for the others.  Interrupts
 * are off.
 */
void __noreturn rtos_main(void);
void __noreturn rtos_other_cpu(void);

#endif
