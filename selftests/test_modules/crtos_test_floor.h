/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What bench, proxy and the module share: pages of a process of the RTOS, which the
 * module pins and the proxy maps, at the address that they have there.
 */
#ifndef CRTOS_TEST_FLOOR_H
#define CRTOS_TEST_FLOOR_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define FLOOR_DEVICE	"crtos_test_floor"
/* The CPU of Linux that everything happens on */
#define FLOOR_CPU	0

#define FLOOR_ADDR	0x10000000UL	/* struct floor_control */
#define FLOOR_DATA	0x10001000UL	/* what is read and written */
#define FLOOR_PAGES	2
/* For a proxy that wants signals: a real-time one, which are queued */
#define FLOOR_SIGNAL	44
/* Of the file that is read or written, with bench and with the proxy */
#define FLOOR_FD	10

/**
 * struct floor_control - a request and its answer, each in a cache line
 * @upid: the module is notified through it
 * @request: of the RTOS: a system call; @seq is stored last
 * @answer: to the request with that @seq
 * @proxy: a proxy is there, and that is its parent
 */
struct floor_control {
	__u64 upid[8];
	struct {
		__u32 seq;
		__u32 nr;
		__u64 args[3];
		__u64 reserved[4];
	} request;
	struct {
		__u32 seq;
		__u32 reserved;
		__s64 result;
		__u64 reserved2[6];
	} answer;
	struct {
		__u32 parent;
	} proxy;
};

/* Who answers */
#define FLOOR_PROXY	0	/* a process */
#define FLOOR_SLEEPER	1	/* a kernel thread that is woken */
#define FLOOR_POLLER	2	/* one that polls */

struct floor_share {
	__u64 addr;
	__u32 who;
	__u32 reserved;
};

/* A system call that the kernel itself makes, again and again */
struct floor_calls {
	__u64 nr;
	__u64 args[3];
	__u64 rounds;
	__u64 cycles;		/* where the times go, 64 bits each */
};

/*
 * SHARE lasts until the file is closed, which has to be before the memory goes.
 * JOIN waits for it; the argument says whether signals are wanted.
 * WAIT: for a request other than the one with the number in the argument.
 * ANSWER: the argument is the result; with an interrupt for the RTOS.
 */
#define FLOOR_SHARE	_IOW('F', 0, struct floor_share)
#define FLOOR_JOIN	_IO('F', 1)
#define FLOOR_WAIT	_IO('F', 2)
#define FLOOR_ANSWER	_IO('F', 3)
#define FLOOR_CALLS	_IOW('F', 4, struct floor_calls)

#endif
