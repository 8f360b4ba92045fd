// SPDX-License-Identifier: GPL-2.0
/* What an RTOS computes from the time page lies between two looks at the clock. */
#include <time.h>

#include <x86intrin.h>

#include "../kselftest_harness.h"
#include "peer.h"

#define NS_PER_S	1000000000LL
#define ROUNDS		20000

FIXTURE(time) {
	struct peer peer;
	struct crtos_time *page;
	bool tsc;
	bool is_set;
	__s64 real_offset;
};

/* Does Linux compute its clocks from the time stamp counter? Or "tsc-early" */
static bool clocksource_is_tsc(void)
{
	FILE *file = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "r");
	char name[32] = "";

	if (file) {
		if (!fgets(name, sizeof(name), file))
			name[0] = 0;
		fclose(file);
	}
	return !strncmp(name, "tsc", 3);
}

static __s64 clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static bool set_clock(__s64 to)
{
	struct timespec ts = { .tv_sec = to / NS_PER_S, .tv_nsec = to % NS_PER_S };

	return !clock_settime(CLOCK_REALTIME, &ts);
}

FIXTURE_SETUP(time)
{
	const char *why = peer_missing();

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, peer_start_ready(&self->peer));
	self->page = (void *)(self->peer.region + self->peer.header->time_off);
	self->tsc = clocksource_is_tsc();
	self->real_offset = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
}

FIXTURE_TEARDOWN(time)
{
	peer_stop(&self->peer);
	/* Wherever a test has left it */
	if (self->is_set)
		EXPECT_TRUE(set_clock(clock_ns(CLOCK_MONOTONIC) + self->real_offset));
}

static __u64 counter(void)
{
	_mm_lfence();
	return __rdtsc();
}

/* As an RTOS does it. The counter is read while the rest is valid. */
static void read_page(const struct crtos_time *page, __s64 *mono, __s64 *real)
{
	struct crtos_time copy;
	__u64 delta;
	__u32 seq;

	do {
		seq = load_acquire(&page->seq);
		memcpy(&copy, page, sizeof(copy));
		delta = counter() - copy.tsc;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (seq & 1 || seq != load_acquire(&page->seq));

	if ((__s64)delta < 0)
		delta = 0;
	*mono = copy.mono_ns + (((__uint128_t)delta * copy.mult + copy.frac) >> copy.shift);
	*real = *mono + copy.real_offset_ns;
}

/* How often was it not between two looks? */
static unsigned int wrong_clocks(const struct crtos_time *page, unsigned int rounds)
{
	__s64 mono, real, before[2], after[2];
	unsigned int i, wrong = 0;

	for (i = 0; i < rounds; i++) {
		before[0] = clock_ns(CLOCK_MONOTONIC);
		before[1] = clock_ns(CLOCK_REALTIME);
		read_page(page, &mono, &real);
		after[0] = clock_ns(CLOCK_MONOTONIC);
		after[1] = clock_ns(CLOCK_REALTIME);
		wrong += mono < before[0] || mono > after[0] || real < before[1] || real > after[1];
	}
	return wrong;
}

TEST_F(time, mode)
{
	struct crtos_header *header = self->peer.header;

	EXPECT_TRUE(header->features & CRTOS_F_TIME);
	EXPECT_EQ(0, header->time_off % CRTOS_CACHE_LINE);
	EXPECT_GE(header->free_off, header->time_off + sizeof(struct crtos_time));
	EXPECT_EQ(self->tsc ? CRTOS_TIME_TSC : CRTOS_TIME_NONE, load_acquire(&self->page->mode));
}

TEST_F(time, clocks)
{
	if (!self->tsc)
		SKIP(return, "the clock source is not tsc");
	EXPECT_EQ(0, wrong_clocks(self->page, ROUNDS));
}

/* Over many updates, some of them long after the last */
TEST_F(time, clocks_later)
{
	__u32 seq = load_acquire(&self->page->seq);
	unsigned int i;

	if (!self->tsc)
		SKIP(return, "the clock source is not tsc");
	for (i = 0; i < 20; i++) {
		usleep(100000);
		EXPECT_EQ(0, wrong_clocks(self->page, 100));
	}
	EXPECT_NE(seq, load_acquire(&self->page->seq));
}

/* CLOCK_REALTIME is put forth and back. No ASSERT: the teardown must restore it. */
TEST_F(time, clock_is_set)
{
	static const __s64 steps[] = { 1000 * NS_PER_S, -2000 * NS_PER_S, 1000 * NS_PER_S };
	size_t i;

	if (!self->tsc)
		SKIP(return, "the clock source is not tsc");
	self->is_set = true;
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		EXPECT_TRUE(set_clock(clock_ns(CLOCK_REALTIME) + steps[i]));
		EXPECT_EQ(0, wrong_clocks(self->page, 100))
			TH_LOG("step %zu", i);
	}
}

/* What the RTOS does to the page harms it alone, and not for long. */
TEST_F(time, scribble)
{
	unsigned int i, wrong = 1;

	if (!self->tsc)
		SKIP(return, "the clock source is not tsc");
	memset(self->page, 0x5a, sizeof(*self->page));
	for (i = 0; i < PATIENCE_MS / 10 && wrong; i++) {
		usleep(10000);
		if (load_acquire(&self->page->seq) != 0x5a5a5a5a)
			wrong = wrong_clocks(self->page, 100);
	}
	EXPECT_EQ(0, wrong);
}

TEST_HARNESS_MAIN
