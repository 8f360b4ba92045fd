// SPDX-License-Identifier: GPL-2.0
/*
 * What programs find of a C library, above all threads: checks as check.h has them.
 * Nothing that is printed depends on which thread runs when.
 */
#include <fcntl.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "check.h"

#define MS		1000000LL
#define SECOND		1000000000LL

typedef void *(*thread_fn)(void *arg);

static atomic_int count;

/* What the functions of pthreads return */
static void result(const char *what, int err)
{
	say("%s: %s", what, err ? strerror(err) : "ok");
}

static pthread_t start(thread_fn fn, void *arg)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, fn, arg);

	if (err) {
		result("pthread_create", err);
		_exit(98);
	}
	return thread;
}

static long join(pthread_t thread)
{
	void *value;
	int err = pthread_join(thread, &value);

	return err ? -err : (long)value;
}

static long long now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

static struct timespec in_ms(clockid_t clock, int ms)
{
	long long then = now(clock) + ms * MS;

	return (struct timespec) { then / SECOND, then % SECOND };
}

static void pause_ms(int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * MS };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

static pid_t tid(void)
{
	return syscall(SYS_gettid);
}

/* A process with threads, which @fn does not outlive */
static void in_child(const char *what, void (*fn)(void))
{
	pid_t pid = fork();

	if (!pid) {
		fn();
		_exit(97);
	}
	end_child(what, pid);
}

static void *square(void *arg)
{
	return (void *)((long)arg * (long)arg);
}

static void create(void)
{
	pthread_t threads[8];
	long i;

	for (i = 0; i < LENGTH(threads); i++)
		threads[i] = start(square, (void *)i);
	for (i = 0; i < LENGTH(threads); i++)
		say("thread %ld: %ld", i, join(threads[i]));
}

static void *own_tid(void *arg)
{
	return (void *)(long)tid();
}

/* More, one after the other, than there may be at a time */
static void one_by_one(void)
{
	long last = tid(), next;
	int i, different = 0;

	for (i = 0; i < 200; i++) {
		next = join(start(own_tid, NULL));
		different += next != last && next != getpid() && next > 0;
		last = next;
	}
	say("%d numbers that are another's", different);
	say("tid is pid: %s", yes(tid() == getpid()));
}

static pthread_barrier_t barrier;

static void *at_barrier(void *arg)
{
	int i, serial = 0;

	for (i = 0; i < 10; i++)
		serial += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
	return (void *)(long)serial;
}

static void barriers(void)
{
	pthread_t threads[16];
	long serial = 0;
	int i;

	pthread_barrier_init(&barrier, NULL, LENGTH(threads));
	for (i = 0; i < LENGTH(threads); i++)
		threads[i] = start(at_barrier, NULL);
	for (i = 0; i < LENGTH(threads); i++)
		serial += join(threads[i]);
	say("%ld rounds", serial);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static long shared_sum;

static void *add(void *arg)
{
	int i;

	for (i = 0; i < 2000; i++) {
		long old;

		pthread_mutex_lock(&mutex);
		old = shared_sum;
		if (i % 100 == 0)
			sched_yield();
		shared_sum = old + 1;
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void mutexes(void)
{
	struct timespec soon = in_ms(CLOCK_REALTIME, 20);
	pthread_t threads[4];
	int i;

	shared_sum = 0;
	for (i = 0; i < LENGTH(threads); i++)
		threads[i] = start(add, NULL);
	for (i = 0; i < LENGTH(threads); i++)
		join(threads[i]);
	say("sum %ld", shared_sum);
	pthread_mutex_lock(&mutex);
	result("trylock", pthread_mutex_trylock(&mutex));
	result("timedlock", pthread_mutex_timedlock(&mutex, &soon));
	say("not before: %s", yes(now(CLOCK_REALTIME) >= soon.tv_sec * SECOND + soon.tv_nsec));
	pthread_mutex_unlock(&mutex);
}

static void *try_lock(void *m)
{
	long err = pthread_mutex_trylock(m);

	if (!err)
		pthread_mutex_unlock(m);
	return (void *)err;
}

static void *lock_once(void *m)
{
	long err = pthread_mutex_lock(m);

	if (!err)
		pthread_mutex_unlock(m);
	return (void *)err;
}

static void *lock_until(void *end)
{
	return (void *)(long)pthread_mutex_timedlock(&mutex, end);
}

static void kinds(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t m;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&m, &attr);
	result("recursive", pthread_mutex_lock(&m));
	result("recursive", pthread_mutex_lock(&m));
	result("recursive", pthread_mutex_unlock(&m));
	result("recursive", pthread_mutex_unlock(&m));
	result("recursive", pthread_mutex_unlock(&m));
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&m, &attr);
	result("errorcheck", pthread_mutex_unlock(&m));
	result("errorcheck", pthread_mutex_lock(&m));
	result("errorcheck", pthread_mutex_lock(&m));
}

/* A queue with one place */
static int item;

static void *consume(void *arg)
{
	long sum = 0;
	int i;

	for (i = 0; i < 500; i++) {
		pthread_mutex_lock(&mutex);
		while (!item)
			pthread_cond_wait(&cond, &mutex);
		sum += item;
		item = 0;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
	return (void *)sum;
}

static void conditions(void)
{
	pthread_t consumers[2] = { start(consume, NULL), start(consume, NULL) };
	struct timespec soon;
	int i;

	for (i = 1; i <= 1000; i++) {
		pthread_mutex_lock(&mutex);
		while (item)
			pthread_cond_wait(&cond, &mutex);
		item = i;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
	say("sum %ld", join(consumers[0]) + join(consumers[1]));
	pthread_mutex_lock(&mutex);
	soon = in_ms(CLOCK_REALTIME, 20);
	result("timedwait", pthread_cond_timedwait(&cond, &mutex, &soon));
	soon.tv_sec -= 10;
	result("over already", pthread_cond_timedwait(&cond, &mutex, &soon));
	pthread_mutex_unlock(&mutex);
}

static void *wait_for_item(void *arg)
{
	pthread_mutex_lock(&mutex);
	count++;
	while (!item)
		pthread_cond_wait(&cond, &mutex);
	pthread_mutex_unlock(&mutex);
	return arg;
}

static void broadcast(void)
{
	pthread_t threads[10];
	long i, sum = 0;

	count = 0;
	for (i = 0; i < LENGTH(threads); i++)
		threads[i] = start(wait_for_item, (void *)i);
	while (count != LENGTH(threads))
		sched_yield();
	pthread_mutex_lock(&mutex);
	item = 1;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&mutex);
	for (i = 0; i < LENGTH(threads); i++)
		sum += join(threads[i]);
	say("%ld", sum);
	item = 0;
}

static sem_t semaphore;

static void *post(void *arg)
{
	pause_ms(5);
	sem_post(&semaphore);
	return NULL;
}

static void semaphores(void)
{
	struct timespec soon = in_ms(CLOCK_REALTIME, 20);
	pthread_t thread;
	int value;

	sem_init(&semaphore, 0, 0);
	say("timedwait: %d %s", sem_timedwait(&semaphore, &soon), strerror(errno));
	thread = start(post, NULL);
	say("wait: %d", sem_wait(&semaphore));
	join(thread);
	sem_getvalue(&semaphore, &value);
	say("value %d", value);
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static long pair[2];

static void *write_pair(void *arg)
{
	int i;

	for (i = 0; i < 300; i++) {
		pthread_rwlock_wrlock(&rwlock);
		pair[0]++;
		sched_yield();
		pair[1]++;
		pthread_rwlock_unlock(&rwlock);
	}
	return NULL;
}

static void *read_pair(void *arg)
{
	long i, torn = 0;

	for (i = 0; i < 300; i++) {
		pthread_rwlock_rdlock(&rwlock);
		torn += pair[0] != pair[1];
		pthread_rwlock_unlock(&rwlock);
		sched_yield();
	}
	return (void *)torn;
}

static void rwlocks(void)
{
	pthread_t writers[2] = { start(write_pair, NULL), start(write_pair, NULL) };
	pthread_t readers[3];
	int i;

	for (i = 0; i < LENGTH(readers); i++)
		readers[i] = start(read_pair, NULL);
	for (i = 0; i < LENGTH(readers); i++)
		say("torn: %ld", join(readers[i]));
	join(writers[0]);
	join(writers[1]);
	say("%ld %ld", pair[0], pair[1]);
}

static pthread_once_t once_control = PTHREAD_ONCE_INIT;

static void only_once(void)
{
	count++;
	pause_ms(5);
}

static void *do_once(void *arg)
{
	pthread_once(&once_control, only_once);
	return (void *)(long)count;
}

static void once(void)
{
	pthread_t threads[4];
	int i;

	count = 0;
	for (i = 0; i < LENGTH(threads); i++)
		threads[i] = start(do_once, NULL);
	for (i = 0; i < LENGTH(threads); i++)
		say("%ld", join(threads[i]));
}

static __thread int zeroed, set = 42;
static __thread char large[4096] __attribute__((aligned(64)));
static pthread_key_t key;

static void destroy(void *value)
{
	count += (long)value;
}

static void *use_tls(void *arg)
{
	long i = (long)arg, ok = 1;
	int j;

	pthread_setspecific(key, arg);
	errno = i;
	for (j = 0; j < 50; j++) {
		ok &= zeroed == j * i && set == 42 + j * i;
		ok &= !((uintptr_t)large % 64) && large[4095] == (char)(j * i);
		zeroed += i;
		set += i;
		large[4095] += i;
		sched_yield();
		ok &= errno == i && pthread_getspecific(key) == arg;
	}
	return (void *)ok;
}

static void tls(void)
{
	pthread_t threads[6];
	long i;

	count = 0;
	pthread_key_create(&key, destroy);
	for (i = 0; i < LENGTH(threads); i++)
		threads[i] = start(use_tls, (void *)(i + 1));
	for (i = 0; i < LENGTH(threads); i++)
		say("thread %ld: %ld", i, join(threads[i]));
	say("destroyed %d, main has %d %d", count, zeroed, set);
}

static void *allocate(void *arg)
{
	unsigned int seed = (long)arg, i, j;
	unsigned char *blocks[64] = {};
	size_t sizes[64] = {};
	long bad = 0;

	for (i = 0; i < 3000; i++) {
		unsigned int n = (seed = seed * 1103515245 + 12345) >> 16;

		j = n % 64;
		if (blocks[j])
			bad += blocks[j][0] != (unsigned char)j ||
			       blocks[j][sizes[j] - 1] != (unsigned char)j;
		free(blocks[j]);
		sizes[j] = 1 + n % (n % 50 ? 2000 : 200000);
		blocks[j] = malloc(sizes[j]);
		memset(blocks[j], j, sizes[j]);
	}
	for (j = 0; j < 64; j++)
		free(blocks[j]);
	return (void *)bad;
}

/* A block that grows to megabytes and shrinks keeps what is in it. */
static void *reallocate(void *arg)
{
	size_t size = 0, next, i;
	unsigned char *block = NULL;
	long bad = 0, round;

	for (round = 0; round < 4; round++) {
		for (next = 16; next < 3 << 20; size = next, next += next / 2 + 7) {
			block = realloc(block, next);
			memset(block + size, (long)arg + round, next - size);
			for (i = 0; i < size; i += 509)
				bad += block[i] != (unsigned char)((long)arg + round);
		}
		size = 0;
		block = realloc(block, 10);
		bad += block[9] != (unsigned char)((long)arg + round);
	}
	free(block);
	return (void *)bad;
}

/* What was in use and full */
static void cleared(void)
{
	long bad = 0, i, j;

	for (i = 1; i < 1 << 20; i *= 3) {
		char *block = malloc(i);

		memset(block, 1, i);
		free(block);
		block = calloc(1, i);
		for (j = 0; j < i; j++)
			bad += !!block[j];
		free(block);
	}
	say("bytes left: %ld", bad);
}

/* The compiler does not know. */
static volatile size_t far_too_much = 1UL << 46;

static void allocation(void)
{
	void *aligned = aligned_alloc(4096, 8192);
	pthread_t threads[6];
	long i;

	for (i = 0; i < LENGTH(threads); i++)
		threads[i] = start(i % 2 ? reallocate : allocate, (void *)(i + 1));
	for (i = 0; i < LENGTH(threads); i++)
		say("bad: %ld", join(threads[i]));
	cleared();
	say("aligned: %s", yes(aligned && !((uintptr_t)aligned % 4096)));
	free(aligned);
	say("too much: %s", malloc(far_too_much) ? "there is" : strerror(errno));
}

static void *post_only(void *arg)
{
	sem_post(&semaphore);
	return NULL;
}

static void detached(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	int i;

	sem_init(&semaphore, 0, 0);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (i = 0; i < 50; i++) {
		if (pthread_create(&thread, &attr, post_only, NULL))
			say("pthread_create");
		sem_wait(&semaphore);
	}
	say("done");
}

static void *on_large_stack(void *arg)
{
	volatile char here[6 << 20];
	long i, sum = 0;

	for (i = 0; i < (long)sizeof(here); i += 4096)
		here[i] = i / 4096;
	for (i = 0; i < (long)sizeof(here); i += 4096)
		sum += here[i];
	return (void *)sum;
}

/* Megabytes in many frames */
static __attribute__((noinline)) long recurse(long depth)
{
	volatile char frame[1000];

	frame[depth % 1000] = depth;
	return depth ? recurse(depth - 1) + frame[depth % 1000] : 0;
}

static void *recurse_deeply(void *arg)
{
	return (void *)recurse(5000);
}

static void stacks(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	size_t size;

	say("main: %ld", (long)on_large_stack(NULL));
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 8 << 20);
	result("create", pthread_create(&thread, &attr, on_large_stack, NULL));
	say("thread: %ld", join(thread));
	say("recursion: %ld", recurse(5000));
	result("create", pthread_create(&thread, &attr, recurse_deeply, NULL));
	say("in a thread: %ld", join(thread));
	pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN);
	result("create", pthread_create(&thread, &attr, square, (void *)5L));
	say("small: %ld", join(thread));
	pthread_attr_getstacksize(&attr, &size);
	say("size: %zu", size);
}

static void *die_with_mutex(void *arg)
{
	pthread_mutex_lock(arg);
	return NULL;
}

static void *die_while_awaited(void *arg)
{
	pthread_mutex_lock(arg);
	sem_post(&semaphore);
	pause_ms(10);
	return NULL;
}

static void robust_with(int protocol)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t m;
	pthread_t thread;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setprotocol(&attr, protocol);
	pthread_mutex_init(&m, &attr);
	join(start(die_with_mutex, &m));
	result("lock", pthread_mutex_lock(&m));
	result("consistent", pthread_mutex_consistent(&m));
	result("unlock", pthread_mutex_unlock(&m));
	sem_init(&semaphore, 0, 0);
	thread = start(die_while_awaited, &m);
	sem_wait(&semaphore);
	result("lock", pthread_mutex_lock(&m));
	result("unlock", pthread_mutex_unlock(&m));
	result("lock", pthread_mutex_lock(&m));
	join(thread);
}

static void robust(void)
{
	robust_with(PTHREAD_PRIO_NONE);
	robust_with(PTHREAD_PRIO_INHERIT);
}

static int pipe_fds[2];

static void *read_byte(void *arg)
{
	char c = 0;
	ssize_t n = read(pipe_fds[0], &c, 1);

	return (void *)(n == 1 ? (long)c : -errno);
}

/* A call that waits does not keep the others of the process from being made. */
static void calls(void)
{
	pthread_t readers[4];
	long sum = 0;
	int i;

	if (pipe(pipe_fds))
		say("pipe");
	for (i = 0; i < LENGTH(readers); i++)
		readers[i] = start(read_byte, NULL);
	pause_ms(5);
	for (i = 0; i < LENGTH(readers); i++)
		if (write(pipe_fds[1], &(char) { i + 1 }, 1) != 1)
			say("write");
	for (i = 0; i < LENGTH(readers); i++)
		sum += join(readers[i]);
	say("sum %ld", sum);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void *exit_later(void *arg)
{
	pause_ms(5);
	exit(7);
}

static void exit_while_reading(void)
{
	start(exit_later, NULL);
	read_byte(NULL);
}

static void *end_later(void *arg)
{
	pause_ms(10);
	syscall(SYS_exit, 5);
	return NULL;
}

/* The status is that of the last one. */
static void main_goes_first(void)
{
	start(end_later, NULL);
	syscall(SYS_exit, 4);
}

static void others_wait(void)
{
	int i;

	for (i = 0; i < 5; i++)
		start(read_byte, NULL);
	pause_ms(5);
	_exit(3);
}

static volatile int *volatile nowhere;

static void *crash(void *arg)
{
	*nowhere = 0;
	return NULL;
}

static void crash_in_thread(void)
{
	join(start(crash, NULL));
}

static void *abort_now(void *arg)
{
	abort();
}

static void abort_in_thread(void)
{
	join(start(abort_now, NULL));
}

static void *killed(void *arg)
{
	kill(getpid(), SIGTERM);
	pause_ms(10000);
	return NULL;
}

static void kill_in_thread(void)
{
	join(start(killed, NULL));
}

static void *exec(void *arg)
{
	execl("/proc/self/exe", "libc", "exec_target", NULL);
	return NULL;
}

static void exec_in_thread(void)
{
	start(read_byte, NULL);
	join(start(exec, NULL));
}

static void exec_target(void)
{
	say("executed, tid is pid: %s", yes(tid() == getpid()));
}

static void exits(void)
{
	if (pipe(pipe_fds))
		say("pipe");
	in_child("exit() in a thread", exit_while_reading);
	in_child("the first thread ends first", main_goes_first);
	in_child("others wait in calls", others_wait);
	in_child("crash in a thread", crash_in_thread);
	in_child("abort() in a thread", abort_in_thread);
	in_child("signal by a thread", kill_in_thread);
	in_child("execve() by a thread", exec_in_thread);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static atomic_int handled_by;

static void note(int sig)
{
	handled_by = tid();
	count++;
}

static void set_handler(int sig, int flags)
{
	struct sigaction sa = { .sa_handler = note, .sa_flags = flags };

	sigaction(sig, &sa, NULL);
}

static void block(int how, int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	pthread_sigmask(how, &set, NULL);
}

static atomic_int other_tid;
static atomic_bool ended;

static void *interrupted_read(void *arg)
{
	void *value;

	other_tid = tid();
	value = read_byte(arg);
	ended = true;
	return value;
}

/* Again and again: it may not wait yet. */
static long kill_until_ended(pthread_t thread, int sig)
{
	while (!ended) {
		pthread_kill(thread, sig);
		pause_ms(2);
	}
	return join(thread);
}

static void *unblocked(void *arg)
{
	block(SIG_UNBLOCK, SIGUSR2);
	other_tid = tid();
	while (!count)
		pause_ms(1);
	return NULL;
}

static void signals(void)
{
	pthread_t thread;

	if (pipe(pipe_fds))
		say("pipe");
	count = 0;
	set_handler(SIGUSR1, 0);
	thread = start(interrupted_read, NULL);
	say("read(): %s", strerror(-kill_until_ended(thread, SIGUSR1)));
	say("in that thread: %s", yes(handled_by == other_tid));

	count = 0;
	set_handler(SIGUSR2, SA_RESTART);
	block(SIG_BLOCK, SIGUSR2);
	thread = start(unblocked, NULL);
	pause_ms(2);
	kill(getpid(), SIGUSR2);
	join(thread);
	say("in the one that does not block it: %s", yes(handled_by == other_tid));

	count = 0;
	pthread_kill(pthread_self(), SIGUSR2);
	say("blocked here: %d", count);
	block(SIG_UNBLOCK, SIGUSR2);
	say("and then: %d", count);
	say("tgkill of nobody: %ld", syscall(SYS_tgkill, getpid(), 77777777, 0));
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void *wait_for_usr1(void *arg)
{
	sigset_t set;
	int sig = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sem_post(&semaphore);
	sigwait(&set, &sig);
	return (void *)(long)sig;
}

static void sigwaits(void)
{
	pthread_t thread;

	sem_init(&semaphore, 0, 0);
	block(SIG_BLOCK, SIGUSR1);
	thread = start(wait_for_usr1, NULL);
	sem_wait(&semaphore);
	pthread_kill(thread, SIGUSR1);
	say("pthread_kill(): %ld", join(thread));
	thread = start(wait_for_usr1, NULL);
	sem_wait(&semaphore);
	pause_ms(5);
	pthread_kill(thread, SIGUSR1);
	say("later: %ld", join(thread));
	thread = start(wait_for_usr1, NULL);
	sem_wait(&semaphore);
	kill(getpid(), SIGUSR1);
	say("kill(): %ld", join(thread));
	block(SIG_UNBLOCK, SIGUSR1);
}

static void clean_up(void *arg)
{
	count++;
}

static void *wait_to_be_cancelled(void *arg)
{
	pthread_cleanup_push(clean_up, NULL);
	sem_post(&semaphore);
	if (arg)
		pause_ms(100000);
	else
		read_byte(NULL);
	pthread_cleanup_pop(0);
	return NULL;
}

static void cancel(void)
{
	pthread_t thread;
	long i;

	if (pipe(pipe_fds))
		say("pipe");
	sem_init(&semaphore, 0, 0);
	count = 0;
	for (i = 0; i < 2; i++) {
		thread = start(wait_to_be_cancelled, (void *)i);
		sem_wait(&semaphore);
		pause_ms(5);
		result("cancel", pthread_cancel(thread));
		say("cancelled: %s", yes(join(thread) == (long)PTHREAD_CANCELED));
	}
	say("cleaned up: %d", count);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void *fork_here(void *arg)
{
	pid_t pid = fork();

	if (!pid)
		_exit(tid() == getpid() ? 11 : 12);
	end_child("child", pid);
	return NULL;
}

static void *spin(void *arg)
{
	while (!count)
		sched_yield();
	return NULL;
}

static void forks(void)
{
	pthread_t other;

	count = 0;
	other = start(spin, NULL);
	join(start(fork_here, NULL));
	fork_here(NULL);
	count = 1;
	join(other);
}

static void *sleep_for(void *arg)
{
	long long before = now(CLOCK_MONOTONIC);

	pause_ms((long)arg);
	return (void *)(long)(now(CLOCK_MONOTONIC) - before >= (long)arg * MS);
}

static void sleeping(void)
{
	pthread_t threads[5];
	long i;

	for (i = 0; i < LENGTH(threads); i++)
		threads[i] = start(sleep_for, (void *)(20 - i * 4));
	for (i = 0; i < LENGTH(threads); i++)
		say("slept long enough: %ld", join(threads[i]));
}

#define BETWEEN	"1: dec %1\n\tjnz 1b\n\tsyscall\n\t"

static bool has_avx;

/*
 * Values that the registers have, and keep while other threads have theirs there,
 * which get the CPU by a call, or before it by the timer.
 */
static void *use_fpu(void *arg)
{
	double in[4] __attribute__((aligned(32))), out[4] __attribute__((aligned(32)));
	long bad = 0, spins;
	int i, j;

	for (j = 0; j < 4; j++)
		in[j] = (long)arg + j / 8.0;
	for (i = 0; i < 200; i++) {
		spins = i % 20 ? 1 : 200000;
		if (has_avx)
			asm volatile("vmovapd %2, %%ymm13\n\t" BETWEEN "vmovapd %%ymm13, %0"
				     : "=m" (out), "+r" (spins)
				     : "m" (in), "a" (SYS_sched_yield)
				     : "xmm13", "rcx", "r11", "memory");
		else
			asm volatile("movapd %2, %%xmm13\n\t" BETWEEN "movapd %%xmm13, %0"
				     : "=m" (out), "+r" (spins)
				     : "m" (in), "a" (SYS_sched_yield)
				     : "xmm13", "rcx", "r11", "memory");
		bad += !!memcmp(in, out, has_avx ? 32 : 16);
	}
	return (void *)bad;
}

/* Without calls: only the timer takes the CPU away. */
static void *compute(void *arg)
{
	long double x = (long)arg, sum = 0;
	long i;

	for (i = 1; i < 300000; i++)
		sum += x / i;
	return (void *)(long)(sum * 1000);
}

static void fpu(void)
{
	pthread_t threads[6];
	long i;

	has_avx = __builtin_cpu_supports("avx");
	for (i = 0; i < LENGTH(threads); i++)
		threads[i] = start(use_fpu, (void *)(i + 1));
	for (i = 0; i < LENGTH(threads); i++)
		say("bad: %ld", join(threads[i]));
	for (i = 0; i < LENGTH(threads); i++)
		threads[i] = start(compute, (void *)(i + 1));
	for (i = 0; i < LENGTH(threads); i++)
		say("sum: %ld", join(threads[i]));
}

static void *own_uid(void *arg)
{
	sem_wait(&semaphore);
	return (void *)(long)geteuid();
}

/* What a thread changes of the process's rights is so for all. */
static void change_uid(void)
{
	pthread_t threads[3];
	int i;

	sem_init(&semaphore, 0, 0);
	for (i = 0; i < LENGTH(threads); i++)
		threads[i] = start(own_uid, NULL);
	say("setuid: %d", setuid(1000));
	for (i = 0; i < LENGTH(threads); i++)
		sem_post(&semaphore);
	for (i = 0; i < LENGTH(threads); i++)
		say("uid %ld", join(threads[i]));
	_exit(0);
}

static void identity(void)
{
	in_child("child", change_uid);
}

struct common {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	sem_t semaphore;
	int turn, turns;
};

static void take_turns(struct common *c, int me)
{
	int i;

	for (i = 0; i < 20; i++) {
		pthread_mutex_lock(&c->mutex);
		while (c->turn != me)
			pthread_cond_wait(&c->cond, &c->mutex);
		c->turn = !me;
		c->turns++;
		pthread_cond_broadcast(&c->cond);
		pthread_mutex_unlock(&c->mutex);
	}
}

/* Processes with memory in common; the mutex of one that dies is another's. */
static void shared(void)
{
	struct common *c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t attr;
	pthread_condattr_t cattr;
	pid_t pid;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	/* Those of musl crash natively if they are common to processes. */
#ifdef __GLIBC__
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
#endif
	pthread_mutex_init(&c->mutex, &attr);
	pthread_condattr_init(&cattr);
	pthread_condattr_setpshared(&cattr, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&c->cond, &cattr);
	sem_init(&c->semaphore, 1, 0);
	pid = fork();
	if (!pid) {
		take_turns(c, 1);
		pthread_mutex_lock(&c->mutex);
		sem_post(&c->semaphore);
		_exit(0);
	}
	take_turns(c, 0);
	sem_wait(&c->semaphore);
	say("turns: %d", c->turns);
#ifdef __GLIBC__
	result("mutex of the dead", pthread_mutex_lock(&c->mutex));
#endif
	end_child("child", pid);
}

static sigjmp_buf env;

static void jump(int sig)
{
	siglongjmp(env, sig);
}

/* Each has an alternate stack of its own. */
static void *overflow(void *arg)
{
	stack_t ss = { .ss_sp = malloc(65536), .ss_size = 65536 };
	stack_t old;

	sigaltstack(NULL, &old);
	if (old.ss_flags != SS_DISABLE)
		return (void *)-1L;
	sigaltstack(&ss, NULL);
	if (!sigsetjmp(env, 1))
		crash(NULL);
	sigaltstack(NULL, &old);
	return (void *)(long)(old.ss_size == 65536);
}

static void faults(void)
{
	struct sigaction sa = { .sa_handler = jump, .sa_flags = SA_ONSTACK };
	int i;

	sigaction(SIGSEGV, &sa, NULL);
	for (i = 0; i < 3; i++)
		say("%ld", join(start(overflow, NULL)));
}

/* More than the reserve of its stack: the handler has another one. */
static void *use_up_stack(void *arg)
{
	stack_t ss = { .ss_sp = malloc(65536), .ss_size = 65536 };

	sigaltstack(&ss, NULL);
	return (void *)(sigsetjmp(env, 1) ?: recurse(LONG_MAX));
}

static void handle_alarm(void)
{
	struct itimerval soon = { .it_value.tv_usec = 10000 };
	sigset_t none;

	sigemptyset(&none);
	set_handler(SIGALRM, 0);
	block(SIG_BLOCK, SIGALRM);
	setitimer(ITIMER_REAL, &soon, NULL);
	show("sigsuspend()", sigsuspend(&none));
	block(SIG_UNBLOCK, SIGALRM);
	alarm(100);
	say("left of an alarm: %s", yes(alarm(0) > 90));
}

static void interrupted(void)
{
	struct sigaction sa = { .sa_handler = jump };

	if (!sigsetjmp(env, 1)) {
		sigaction(SIGINT, &sa, NULL);
		if (write(pipe_fds[1], "", 1) == 1)
			pause();
	}
	_exit(21);
}

static void abort_handled(void)
{
	set_handler(SIGABRT, 0);
	abort();
}

/* Of those that programs have most often */
static void handlers(void)
{
	struct sigaction sa = { .sa_handler = jump, .sa_flags = SA_ONSTACK };
	pid_t pid;

	if (pipe(pipe_fds))
		say("pipe");
	count = 0;
	handle_alarm();
	set_handler(SIGINT, 0);
	raise(SIGINT);
	kill(getpid(), SIGINT);
	say("caught: %d", count);
	pid = fork();
	if (!pid)
		interrupted();
	read_byte(NULL);
	kill(pid, SIGINT);
	end_child("SIGINT of another", pid);
	sigaction(SIGSEGV, &sa, NULL);
	say("stack that is used up: %ld", join(start(use_up_stack, NULL)));
	in_child("abort()", abort_handled);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void formats(void)
{
	const double values[] = {
		0, -0.0, 1.0 / 3, 2e9, -1.5e300, DBL_MIN / 3, DBL_MAX, INFINITY, -NAN,
	};
	double back;
	char text[400];
	int i;

	for (i = 0; i < LENGTH(values); i++) {
		snprintf(text, sizeof(text), "%.17g", values[i]);
		back = strtod(text, NULL);
		say("%s %.3f %.0f %e %a: the same %s", text, values[i], values[i], values[i],
		    values[i], yes(!memcmp(&back, &values[i], sizeof(back))));
	}
	say("%Lg %.30Lf", 1 / 3.0L, 1 / 3.0L);
}

static void unflushed(void)
{
	printf("%s: written by exit()\n", topic);
	exit(0);
}

static void *print_lines(void *arg)
{
	int i;

	for (i = 0; i < 500; i++)
		fprintf(arg, "%d %.2f\n", i, i / 4.0);
	return NULL;
}

/* Lines of several threads, in a file that is written in blocks */
static void streams(void)
{
	FILE *file = tmpfile();
	double value, sum = 0;
	pthread_t threads[3];
	int i, n, lines = 0;

	setvbuf(file, NULL, _IOFBF, 1000);
	for (i = 0; i < LENGTH(threads); i++)
		threads[i] = start(print_lines, file);
	for (i = 0; i < LENGTH(threads); i++)
		join(threads[i]);
	say("at %ld", ftell(file));
	rewind(file);
	while (fscanf(file, "%d %lf", &n, &value) == 2) {
		lines += value == n / 4.0;
		sum += value;
	}
	say("%d lines, sum %.2f, end %s", lines, sum, yes(feof(file)));
	fseek(file, -3, SEEK_END);
	n = fgetc(file);
	say("then %c, %c", n, ungetc('x', file) == 'x' ? fgetc(file) : '?');
	fclose(file);
}

static void stdio(void)
{
	formats();
	streams();
	in_child("child", unflushed);
}

static void environment(void)
{
	char *large = malloc(100001);
	int i, n = 0;

	memset(large, 'x', 100000);
	large[100000] = 0;
	clearenv();
	for (i = 0; i < 200; i++) {
		char name[16];

		snprintf(name, sizeof(name), "NAME%d", i);
		setenv(name, large + 99900 - i, 1);
	}
	setenv("NAME7", "changed", 1);
	setenv("NAME8", "not changed", 0);
	unsetenv("NAME9");
	putenv("PUT=there");
	setenv("LARGE", large, 1);
	for (i = 0; environ[i]; i++)
		n += strlen(environ[i]);
	say("%d of %d bytes: %s %zu %s %s %zu", i, n, getenv("NAME7"), strlen(getenv("NAME8")),
	    getenv("NAME9") ?: "none", getenv("PUT"), strlen(getenv("LARGE")));
	free(large);
}

/* The owner has the priority of who waits: see programs/priority.c. */
static void inheritance(void)
{
	struct timespec soon = in_ms(CLOCK_REALTIME, 20);
	pthread_mutexattr_t attr;
	pthread_t threads[4];
	int i;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	result("protocol", pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT));
	result("init", pthread_mutex_init(&mutex, &attr));
	result("not locked", pthread_mutex_unlock(&mutex));
	shared_sum = 0;
	for (i = 0; i < LENGTH(threads); i++)
		threads[i] = start(add, NULL);
	for (i = 0; i < LENGTH(threads); i++)
		join(threads[i]);
	say("sum %ld", shared_sum);
	conditions();
	result("lock", pthread_mutex_lock(&mutex));
	result("again", pthread_mutex_lock(&mutex));
	result("another's", join(start(try_lock, &mutex)));
	result("and for some time", join(start(lock_until, &soon)));
	count = 0;
	set_handler(SIGUSR1, 0);
	threads[0] = start(lock_once, &mutex);
	pause_ms(5);
	pthread_kill(threads[0], SIGUSR1);
	while (!count)
		sched_yield();
	result("unlock", pthread_mutex_unlock(&mutex));
	result("in spite of a signal", join(threads[0]));
	result("free", join(start(try_lock, &mutex)));
	pthread_mutex_init(&mutex, NULL);
}

static const struct check checks[] = {
	{ "create", create }, { "one_by_one", one_by_one }, { "barriers", barriers },
	{ "mutexes", mutexes }, { "kinds", kinds }, { "conditions", conditions },
	{ "broadcast", broadcast }, { "semaphores", semaphores }, { "rwlocks", rwlocks },
	{ "once", once }, { "tls", tls }, { "allocation", allocation },
	{ "detached", detached }, { "stacks", stacks }, { "robust", robust },
	{ "calls", calls }, { "exits", exits }, { "signals", signals },
	{ "sigwaits", sigwaits }, { "cancel", cancel }, { "forks", forks },
	{ "sleeping", sleeping }, { "fpu", fpu }, { "identity", identity },
	{ "shared", shared }, { "faults", faults }, { "handlers", handlers },
	{ "stdio", stdio }, { "environment", environment }, { "inheritance", inheritance },
	{ "exec_target", exec_target },
};

int main(int argc, char **argv)
{
	return run_checks(checks, LENGTH(checks), argv, NULL);
}
