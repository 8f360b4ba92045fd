// SPDX-License-Identifier: GPL-2.0
/*
 * Is it the thread with the highest priority that runs? With all threads on one CPU:
 * each line says so, whatever the time that things take.
 *
 *	priority [started | inherit]
 *
 * "started": it has been started with SCHED_FIFO and 50. "inherit": it has been as well,
 * and only says in which order threads ran that wait for mutexes.
 */
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SPIN_MS		60	/* several ticks */
#define LIMIT_MS	60000	/* of what must come; the machine may stand still meanwhile */

static atomic_bool other_ran, go;
static sem_t semaphore;

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void become(int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };
	int err = pthread_setschedparam(pthread_self(), policy, &param);

	if (err)
		errx(1, "priority %d: %s", priority, strerror(err));
}

static bool spin(long ms)
{
	long long end = now_ms() + ms;

	while (now_ms() < end && !other_ran)
		;
	return other_ran;
}

static void say(const char *what, bool is)
{
	printf("%s: %s\n", what, is ? "yes" : "no");
	fflush(stdout);
}

static void *sleeper(void *arg)
{
	struct timespec ts = { 0, 5000000 };

	become(SCHED_FIFO, (long)arg);
	go = true;
	nanosleep(&ts, NULL);
	other_ran = true;
	return NULL;
}

/* Spins while another one, with @priority, sleeps for less than that. */
static bool while_sleeping(int priority, long ms)
{
	pthread_t thread;
	bool ran;

	other_ran = false;
	go = false;
	pthread_create(&thread, NULL, sleeper, (void *)(long)priority);
	while (!go)
		usleep(1000);
	ran = spin(ms);
	pthread_join(thread, NULL);
	return ran;
}

static void *run_once(void *arg)
{
	other_ran = true;
	return NULL;
}

/* One of the same priority, which is ready */
static bool beside_equal(long ms)
{
	pthread_t thread;
	bool ran;

	other_ran = false;
	pthread_create(&thread, NULL, run_once, NULL);
	ran = spin(ms);
	pthread_join(thread, NULL);
	return ran;
}

static void *waiter(void *arg)
{
	become(SCHED_FIFO, (long)arg);
	go = true;
	sem_wait(&semaphore);
	other_ran = true;
	return NULL;
}

static bool ran_at_once(int priority)
{
	pthread_t thread;
	bool ran;

	other_ran = false;
	go = false;
	pthread_create(&thread, NULL, waiter, (void *)(long)priority);
	while (!go)
		usleep(1000);
	sem_post(&semaphore);
	ran = other_ran;
	pthread_join(thread, NULL);
	return ran;
}

static pthread_mutex_t mutexes[2];
static char order[16];

static void ran(char who)
{
	order[strlen(order)] = who;
}

/* L has the first mutex when K and H come, and then the priority of who waits. */
static void *low(void *arg)
{
	become(SCHED_FIFO, 10);
	pthread_mutex_lock(&mutexes[0]);
	sem_post(&semaphore);
	ran('L');
	pthread_mutex_unlock(&mutexes[0]);
	ran('l');
	return NULL;
}

static void *between(void *arg)
{
	become(SCHED_FIFO, 20);
	ran('M');
	return NULL;
}

/* K has the second one, and waits for the first. */
static void *chained(void *arg)
{
	become(SCHED_FIFO, 15);
	pthread_mutex_lock(&mutexes[1]);
	sem_post(&semaphore);
	pthread_mutex_lock(&mutexes[0]);
	ran('K');
	pthread_mutex_unlock(&mutexes[0]);
	pthread_mutex_unlock(&mutexes[1]);
	ran('k');
	return NULL;
}

static void *high(void *mutex)
{
	become(SCHED_FIFO, 30);
	pthread_mutex_lock(mutex);
	ran('H');
	pthread_mutex_unlock(mutex);
	return NULL;
}

static void say_order(const char *what, int protocol, bool chain)
{
	pthread_t threads[4];
	pthread_mutexattr_t attr;
	int i, n = 0;

	memset(order, 0, sizeof(order));
	pthread_mutexattr_init(&attr);
	if (pthread_mutexattr_setprotocol(&attr, protocol))
		errx(1, "no such protocol");
	pthread_mutex_init(&mutexes[0], &attr);
	pthread_mutex_init(&mutexes[1], &attr);
	pthread_create(&threads[n++], NULL, low, NULL);
	sem_wait(&semaphore);
	if (chain) {
		pthread_create(&threads[n++], NULL, chained, NULL);
		sem_wait(&semaphore);
	}
	pthread_create(&threads[n++], NULL, high, &mutexes[chain]);
	pthread_create(&threads[n++], NULL, between, NULL);
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	printf("%s: %s\n", what, order);
}

int main(int argc, char **argv)
{
	sem_init(&semaphore, 0, 0);
	if (argc > 1 && !strcmp(argv[1], "inherit")) {
		say_order("without inheritance", PTHREAD_PRIO_NONE, false);
		say_order("with it", PTHREAD_PRIO_INHERIT, false);
		say_order("through another mutex", PTHREAD_PRIO_INHERIT, true);
		return 0;
	}
	if (argc == 1)
		become(SCHED_FIFO, 50);
	say("a lower one waits for its turn", !while_sleeping(40, SPIN_MS));
	say("a higher one takes the CPU", while_sleeping(60, LIMIT_MS));
	say("an equal one waits for its turn", !beside_equal(SPIN_MS));
	say("one that is woken and higher runs at once", ran_at_once(60));
	say("one that is woken and lower does not", !ran_at_once(40));
	become(SCHED_RR, 50);
	say("an equal one has its time slice", beside_equal(LIMIT_MS));
	become(SCHED_OTHER, 0);
	say("without priority, too", beside_equal(LIMIT_MS));
	say("and any priority is higher", while_sleeping(1, LIMIT_MS));
	return 0;
}
