/* SPDX-License-Identifier: GPL-2.0 */
/* The four types that crtos_abi.h needs, for code without a C library. */
#ifndef RTOS_LINUX_TYPES_H
#define RTOS_LINUX_TYPES_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;

#endif
