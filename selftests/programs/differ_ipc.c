// SPDX-License-Identifier: GPL-2.0
/* Scenarios, see differ.h: pipes, counters, timers, waiting, queues */
#include "differ.h"

#include <mqueue.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

/* Pipes */

static void pipe_ends(void)
{
	char text[8] = "";
	int fd[2];

	CALL(pipe(fd));
	say("%d %d", fd[0], fd[1]);
	show_fd(fd[0]);
	CALL(write(fd[1], "text", 4));
	CALL(write(fd[1], "more", 4));
	CALL(read(fd[0], text, 6));
	BYTES(text, 6);
	CALL(read(fd[1], text, 1));
	CALL(write(fd[0], text, 1));
	CALL(close(fd[1]));
	CALL(read(fd[0], text, 6));
	CALL(read(fd[0], text, 6));
}

static void pipe_flags(void)
{
	int fd[2] = { -1, -1 };

	CALL(pipe2(fd, O_CLOEXEC | O_NONBLOCK));
	CALL(fcntl(fd[0], F_GETFD));
	CALL(fcntl(fd[1], F_GETFL));
	CALL(pipe2(fd, O_APPEND));
	CALL(syscall(SYS_pipe2, nowhere, 0));
	CALL(open("/dev/null", O_RDONLY));
}

static void pipe_full(void)
{
	static char data[2 * 65536];
	int fd[2];

	CALL(pipe2(fd, O_NONBLOCK));
	CALL(read(fd[0], data, 1));
	CALL(write(fd[1], data, sizeof(data)));
	CALL(write(fd[1], data, 1));
	CALL(read(fd[0], data, 100));
	CALL(write(fd[1], data, 1));
	CALL(read(fd[0], data, PAGE - 100));
	CALL(write(fd[1], data, PAGE + 1));
	CALL(write(fd[1], data, PAGE));
	CALL(read(fd[0], data, sizeof(data)));
	CALL(read(fd[0], data, sizeof(data)));
}

static void pipe_size(void)
{
	static char data[65536];
	int fd[2];

	CALL(pipe2(fd, O_NONBLOCK));
	CALL(fcntl(fd[0], F_GETPIPE_SZ));
	CALL(fcntl(fd[0], F_SETPIPE_SZ, 5000));
	CALL(write(fd[1], data, sizeof(data)));
	CALL(fcntl(fd[0], F_SETPIPE_SZ, PAGE));
	CALL(fcntl(fd[0], F_SETPIPE_SZ, 0));
	CALL(fcntl(fd[0], F_SETPIPE_SZ, -1));
	CALL(fcntl(fd[1], F_SETPIPE_SZ, 4 * PAGE));
	CALL(write(fd[1], data, sizeof(data)));
}

static void pipe_packets(void)
{
	char text[8] = "";
	int fd[2];

	CALL(pipe2(fd, O_DIRECT));
	CALL(write(fd[1], "first", 5));
	CALL(write(fd[1], "second", 6));
	CALL(read(fd[0], text, 3));
	CALL(read(fd[0], text, 8));
	BYTES(text, 6);
}

static void pipe_broken(void)
{
	char text[] = "text";
	struct iovec iov = { text, 4 };
	int fd[2], other[2];

	CALL(signal(SIGPIPE, SIG_IGN) == SIG_ERR);
	CALL(pipe(fd));
	CALL(pipe(other));
	CALL(close(fd[0]));
	CALL(write(fd[1], text, 4));
	CALL(write(fd[1], text, 0));
	CALL(writev(fd[1], &iov, 1));
	CALL(vmsplice(fd[1], &iov, 1, 0));
	CALL(write(other[1], text, 4));
	CALL(splice(other[0], NULL, fd[1], NULL, 4, 0));
	CALL(signal(SIGPIPE, SIG_DFL) == SIG_ERR);
	CALL(write(fd[1], text, 4));
}

static void pipe_pointers(void)
{
	char *end = edge("abcd", 4);
	int fd[2];

	CALL(pipe(fd));
	CALL(write(fd[1], nowhere, 4));
	CALL(write(fd[1], end - 4, 4));
	CALL(read(fd[0], nowhere, 4));
	CALL(write(fd[1], "0123456789", 10));
	CALL(read(fd[0], end - 2, 4));
	CALL(read(fd[0], end - 4, 4));
	BYTES(end - 4, 4);
}

static void fifo_ends(void)
{
	char text[8];
	int reader, writer;

	CALL(mkfifo("fifo", 0600));
	CALL(open("fifo", O_WRONLY | O_NONBLOCK));
	reader = CALL(open("fifo", O_RDONLY | O_NONBLOCK));
	CALL(read(reader, text, 8));
	writer = CALL(open("fifo", O_WRONLY | O_NONBLOCK));
	CALL(read(reader, text, 8));
	CALL(write(writer, "text", 4));
	CALL(close(writer));
	CALL(read(reader, text, 8));
	CALL(read(reader, text, 8));
	CALL(close(reader));
	reader = CALL(open("fifo", O_RDWR));
	CALL(write(reader, "both", 4));
	CALL(read(reader, text, 8));
	CALL(lseek(reader, 0, SEEK_SET));
}

static int fifo_writer(void)
{
	int fd = open("fifo", O_WRONLY);

	return write(fd, "from the child", 14) == 14 ? 7 : 1;
}

static void fifo_blocks(void)
{
	char text[16];
	pid_t pid;
	int fd;

	CALL(mkfifo("fifo", 0600));
	pid = start_child(fifo_writer);
	if (pid < 0)
		return;
	fd = CALL(open("fifo", O_RDONLY));
	CALL(read(fd, text, sizeof(text)));
	BYTES(text, 14);
	CALL(read(fd, text, sizeof(text)));
	end_child(pid);
}

/* Counters and timers */

static void event_counter(void)
{
	int fd = CALL(eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC));
	uint64_t value = 5;

	CALL(write(fd, &value, 8));
	CALL(read(fd, &value, 8));
	say("value %llu", (unsigned long long)value);
	CALL(read(fd, &value, 8));
	CALL(read(fd, &value, 4));
	CALL(write(fd, &value, 4));
	value = UINT64_MAX;
	CALL(write(fd, &value, 8));
	value--;
	CALL(write(fd, &value, 8));
	CALL(write(fd, &value, 8));
	CALL(write(fd, nowhere, 8));
	CALL(eventfd(0, 77));
	CALL(fcntl(fd, F_GETFL));
}

static void event_semaphore(void)
{
	int fd = CALL(eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE));
	uint64_t value;

	CALL(read(fd, &value, 8));
	say("value %llu", (unsigned long long)value);
	CALL(read(fd, &value, 8));
	CALL(read(fd, &value, 8));
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(pread(fd, &value, 8, 0));
}

static void timer_once(void)
{
	struct itimerspec soon = { .it_value.tv_nsec = 1000000 }, left;
	int fd = CALL(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
	uint64_t expired = 0;

	CALL(timerfd_settime(fd, 0, &soon, &left));
	say("was %lld.%09ld", (long long)left.it_value.tv_sec, left.it_value.tv_nsec);
	CALL(read(fd, &expired, 8));
	say("expired %llu", (unsigned long long)expired);
	CALL(timerfd_gettime(fd, &left));
	say("left %lld.%09ld", (long long)left.it_value.tv_sec, left.it_value.tv_nsec);
	CALL(fcntl(fd, F_SETFL, O_NONBLOCK));
	CALL(read(fd, &expired, 8));
	soon.it_value.tv_nsec = 1;
	CALL(timerfd_settime(fd, TFD_TIMER_ABSTIME, &soon, NULL));
	CALL(poll(&(struct pollfd) { .fd = fd, .events = POLLIN }, 1, -1));
	CALL(read(fd, &expired, 8));
	say("expired %llu", (unsigned long long)expired);
}

static void timer_periodic(void)
{
	struct itimerspec often = { { 0, 1000000 }, { 0, 1000000 } }, off = {}, left;
	int fd = CALL(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
	uint64_t expired = 0;

	CALL(timerfd_settime(fd, 0, &often, NULL));
	sleep_ms(20);
	CALL(read(fd, &expired, 8));
	IS(expired >= 10);
	CALL(timerfd_settime(fd, 0, &off, &left));
	say("interval %lld.%09ld", (long long)left.it_interval.tv_sec, left.it_interval.tv_nsec);
	CALL(read(fd, &expired, 4));
	CALL(read(fd, &expired, 8));
	CALL(write(fd, &expired, 8));
	off.it_value.tv_nsec = -1;
	CALL(timerfd_settime(fd, 0, &off, NULL));
	CALL(timerfd_settime(fd, 77, &often, NULL));
	CALL(timerfd_settime(fd, 0, (void *)nowhere, NULL));
	CALL(timerfd_settime(0, 0, &often, NULL));
	CALL(timerfd_create(99, 0));
	CALL(timerfd_create(CLOCK_REALTIME, 1));
}

/* Waiting */

static void show_polled(const struct pollfd *polled, int n)
{
	int i;

	for (i = 0; i < n; i++)
		say("%d: %#x", polled[i].fd, (unsigned int)polled[i].revents);
}

static void poll_events(void)
{
	struct pollfd polled[4] = { { -1, POLLIN, 77 }, { 99, POLLIN, 0 } };
	int fd[2];

	CALL(pipe(fd));
	polled[2] = (struct pollfd) { fd[0], POLLIN | POLLOUT, 0 };
	polled[3] = (struct pollfd) { fd[1], POLLIN | POLLOUT, 0 };
	CALL(poll(polled, 4, 0));
	show_polled(polled, 4);
	CALL(write(fd[1], "x", 1));
	CALL(poll(polled, 4, -1));
	show_polled(polled, 4);
	CALL(close(fd[1]));
	CALL(poll(polled + 2, 1, 10000));
	show_polled(polled + 2, 1);
	CALL(read(fd[0], polled, 1));
	CALL(poll(polled + 2, 1, 10000));
	show_polled(polled + 2, 1);
	polled[0] = (struct pollfd) { open(".", O_RDONLY), POLLIN | POLLOUT | POLLPRI, 0 };
	CALL(poll(polled, 1, 0));
	show_polled(polled, 1);
}

static void poll_errors(void)
{
	struct timespec soon = { 0, 1000000 }, bad = { 0, -1 };
	struct pollfd polled = { -1, POLLIN, 0 };

	CALL(poll(NULL, 0, 1));
	CALL(poll((void *)nowhere, 1, 0));
	CALL(poll((void *)nowhere, 0, 0));
	CALL(syscall(SYS_poll, &polled, -1L, 0L));
	CALL(ppoll(&polled, 1, &soon, NULL));
	CALL(ppoll(&polled, 1, &bad, NULL));
	CALL(syscall(SYS_ppoll, &polled, 1, nowhere, NULL, 0));
}

static void select_sets(void)
{
	struct timeval now = { 0, 0 }, soon = { 0, 1000 };
	fd_set in, out;
	int fd[2];

	CALL(pipe(fd));
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(fd[0], &in);
	FD_SET(fd[1], &out);
	CALL(select(fd[1] + 1, &in, &out, NULL, &now));
	say("%d %d", FD_ISSET(fd[0], &in), FD_ISSET(fd[1], &out));
	CALL(write(fd[1], "x", 1));
	FD_SET(fd[0], &in);
	CALL(select(fd[1] + 1, &in, &out, NULL, NULL));
	say("%d %d", FD_ISSET(fd[0], &in), FD_ISSET(fd[1], &out));
	CALL(select(fd[0], &in, NULL, NULL, &soon));
	FD_SET(50, &in);
	CALL(select(51, &in, NULL, NULL, &now));
	CALL(select(-1, NULL, NULL, NULL, &now));
	CALL(select(0, NULL, NULL, NULL, &soon));
	CALL(select(1, (void *)nowhere, NULL, NULL, &now));
}

static void pselect_times(void)
{
	struct timespec soon = { 0, 1000000 }, bad = { 0, 2000000000 };

	CALL(pselect(0, NULL, NULL, NULL, &soon, NULL));
	say("left %lld.%09ld", (long long)soon.tv_sec, soon.tv_nsec);
	CALL(pselect(0, NULL, NULL, NULL, &bad, NULL));
	CALL(syscall(SYS_pselect6, 0, 0, 0, 0, nowhere, 0));
	CALL(syscall(SYS_pselect6, 0, 0, 0, 0, &soon, nowhere));
}

static void add_epoll(int epoll, int op, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u64 = fd };
	int result = epoll_ctl(epoll, op, fd, &event);

	say("epoll_ctl(%d, %d, %d, %#x) -> %d %s", epoll, op, fd, events, result,
	    result < 0 ? strerror(errno) : "");
}

static void show_epoll(int epoll, int timeout)
{
	struct epoll_event events[4];
	int n = epoll_wait(epoll, events, 4, timeout), i;

	say("epoll_wait(%d) -> %d", timeout, n);
	for (i = 0; i < n; i++)
		say("%llu: %#x", (unsigned long long)events[i].data.u64, events[i].events);
}

static void epoll_level(void)
{
	int epoll = CALL(epoll_create1(EPOLL_CLOEXEC)), one = eventfd(0, 0), two = eventfd(0, 0);
	uint64_t value = 1;

	add_epoll(epoll, EPOLL_CTL_ADD, one, EPOLLIN);
	add_epoll(epoll, EPOLL_CTL_ADD, two, EPOLLIN);
	show_epoll(epoll, 0);
	CALL(write(two, &value, 8));
	CALL(write(one, &value, 8));
	show_epoll(epoll, -1);
	show_epoll(epoll, 0);
	CALL(read(two, &value, 8));
	show_epoll(epoll, 100);
	add_epoll(epoll, EPOLL_CTL_MOD, two, EPOLLIN | EPOLLOUT);
	show_epoll(epoll, 100);
	add_epoll(epoll, EPOLL_CTL_DEL, one, 0);
	show_epoll(epoll, 100);
	CALL(close(two));
	show_epoll(epoll, 1);
}

static void epoll_edge(void)
{
	int epoll = CALL(epoll_create1(0)), fd = eventfd(0, EFD_NONBLOCK);
	uint64_t value = 1;

	add_epoll(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET);
	CALL(write(fd, &value, 8));
	show_epoll(epoll, 100);
	show_epoll(epoll, 0);
	CALL(write(fd, &value, 8));
	show_epoll(epoll, 100);
	add_epoll(epoll, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT);
	show_epoll(epoll, 100);
	show_epoll(epoll, 0);
	CALL(write(fd, &value, 8));
	show_epoll(epoll, 0);
	add_epoll(epoll, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT);
	show_epoll(epoll, 100);
}

static void epoll_errors(void)
{
	int epoll = CALL(epoll_create1(0)), file = open("a", O_CREAT | O_RDWR, 0644);
	struct epoll_event event;
	int fd = eventfd(0, 0);

	add_epoll(epoll, EPOLL_CTL_ADD, file, EPOLLIN);
	add_epoll(epoll, EPOLL_CTL_ADD, epoll, EPOLLIN);
	add_epoll(epoll, EPOLL_CTL_ADD, 99, EPOLLIN);
	add_epoll(epoll, EPOLL_CTL_MOD, fd, EPOLLIN);
	add_epoll(epoll, EPOLL_CTL_DEL, fd, EPOLLIN);
	add_epoll(epoll, EPOLL_CTL_ADD, fd, EPOLLIN);
	add_epoll(epoll, EPOLL_CTL_ADD, fd, EPOLLIN);
	add_epoll(epoll, 77, fd, EPOLLIN);
	add_epoll(fd, EPOLL_CTL_ADD, epoll, EPOLLIN);
	CALL(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, (void *)nowhere));
	CALL(epoll_wait(epoll, &event, 0, 0));
	CALL(syscall(SYS_epoll_wait, epoll, &event, -1L, 0L));
	CALL(epoll_wait(fd, &event, 1, 0));
	CALL(epoll_wait(epoll, (void *)nowhere, 1, 0));
	CALL(epoll_create1(77));
	CALL(syscall(SYS_epoll_create, 0));
}

static void epoll_nested(void)
{
	int outer = CALL(epoll_create1(0)), inner = CALL(epoll_create1(0)), fd = eventfd(1, 0);
	struct timespec soon = { 0, 1000000 };
	struct epoll_event event;

	add_epoll(outer, EPOLL_CTL_ADD, inner, EPOLLIN);
	add_epoll(inner, EPOLL_CTL_ADD, outer, EPOLLIN);
	show_epoll(outer, 0);
	add_epoll(inner, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLEXCLUSIVE);
	show_epoll(outer, 100);
	add_epoll(inner, EPOLL_CTL_MOD, fd, EPOLLIN);
	CALL(syscall(SYS_epoll_pwait2, inner, &event, 1, &soon, NULL, 0));
	CALL(close(fd));
	CALL(syscall(SYS_epoll_pwait2, inner, &event, 1, &soon, NULL, 0));
	CALL(syscall(SYS_epoll_pwait2, inner, &event, 1, nowhere, NULL, 0));
}

/* Queues of messages, semaphores, segments: all are removed at the end. */

static void queue_posix(void)
{
	struct mq_attr attributes = { .mq_maxmsg = 2, .mq_msgsize = 8 };
	const char *name = "/crtos-differ";
	unsigned int priority;
	char text[8];
	int fd;

	mq_unlink(name);
	fd = CALL(mq_open(name, O_CREAT | O_EXCL | O_RDWR | O_NONBLOCK, 0600, &attributes));
	CALL(mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attributes));
	CALL(mq_send(fd, "low", 3, 1));
	CALL(mq_send(fd, "high", 4, 7));
	CALL(mq_send(fd, "more", 4, 7));
	CALL(mq_send(fd, "too long", 9, 7));
	CALL(mq_getattr(fd, &attributes));
	say("%ld messages", attributes.mq_curmsgs);
	CALL(mq_receive(fd, text, 8, &priority));
	say("priority %u", priority);
	BYTES(text, 4);
	CALL(mq_receive(fd, text, 7, &priority));
	CALL(mq_receive(fd, text, 8, NULL));
	CALL(mq_receive(fd, text, 8, NULL));
	CALL(mq_unlink(name));
	CALL(mq_unlink(name));
	CALL(mq_open("/no/slashes", O_CREAT | O_RDWR, 0600, NULL));
}

static void queue_system_v(void)
{
	struct { long type; char text[16]; } message = { 2, "second" };
	int id = WORKS(msgget(IPC_PRIVATE, IPC_CREAT | 0600));
	struct msqid_ds ds;

	CALL(msgsnd(id, &message, 6, 0));
	message.type = 1;
	CALL(msgsnd(id, &message, 3, IPC_NOWAIT));
	CALL(msgctl(id, IPC_STAT, &ds));
	say("%lu messages, %lu bytes", (unsigned long)ds.msg_qnum, (unsigned long)ds.msg_cbytes);
	CALL(msgrcv(id, &message, 16, 1, 0));
	CALL(msgrcv(id, &message, 16, 1, IPC_NOWAIT));
	CALL(msgrcv(id, &message, 2, 0, IPC_NOWAIT));
	CALL(msgrcv(id, &message, 2, -5, IPC_NOWAIT | MSG_NOERROR));
	say("type %ld", message.type);
	message.type = 0;
	CALL(msgsnd(id, &message, 3, IPC_NOWAIT));
	CALL(msgsnd(id, (void *)nowhere, 3, IPC_NOWAIT));
	CALL(msgctl(id, IPC_RMID, NULL));
	CALL(msgsnd(id, &message, 3, IPC_NOWAIT) < 0 && errno == EINVAL);
}

static void semaphores(void)
{
	struct sembuf take = { 0, -1, IPC_NOWAIT }, give = { 1, 2, 0 }, both[] = { give, take };
	struct timespec soon = { 0, 1000000 };
	unsigned short values[2] = { 1, 5 };
	int id = WORKS(semget(IPC_PRIVATE, 2, IPC_CREAT | 0600));

	CALL(semctl(id, 0, SETALL, values));
	CALL(semop(id, &take, 1));
	CALL(semop(id, &take, 1));
	CALL(semop(id, both, 2));
	CALL(semctl(id, 1, GETVAL));
	CALL(semop(id, &give, 1));
	CALL(semctl(id, 1, GETVAL));
	take.sem_flg = 0;
	CALL(semtimedop(id, &take, 1, &soon));
	CALL(semctl(id, 0, SETVAL, 40000));
	take.sem_num = 9;
	CALL(semop(id, &take, 1));
	CALL(semop(id, &take, 0));
	CALL(semctl(id, 1, GETPID) == getpid());
	CALL(semctl(id, 0, IPC_RMID));
	CALL(semctl(id, 0, GETVAL) < 0 && errno == EINVAL);
}

static int semaphore_id;

static int undo_semaphore(void)
{
	struct sembuf take = { 0, -2, SEM_UNDO };

	CALL(semop(semaphore_id, &take, 1));
	CALL(semctl(semaphore_id, 0, GETVAL));
	return 0;
}

static void semaphore_undo(void)
{
	semaphore_id = WORKS(semget(IPC_PRIVATE, 1, IPC_CREAT | 0600));
	CALL(semctl(semaphore_id, 0, SETVAL, 3));
	run_child(undo_semaphore);
	CALL(semctl(semaphore_id, 0, GETVAL));
	CALL(semctl(semaphore_id, 0, IPC_RMID));
}

static void segment(void)
{
	int id = WORKS(shmget(IPC_PRIVATE, 5000, IPC_CREAT | 0640));
	struct shmid_ds ds;

	CALL(shmctl(id, IPC_STAT, &ds));
	say("size %zu mode %o attached %lu", ds.shm_segsz, ds.shm_perm.mode & 0777,
	    (unsigned long)ds.shm_nattch);
	CALL(shmget(IPC_PRIVATE, 0, IPC_CREAT));
	CALL(shmctl(id, IPC_RMID, NULL));
	CALL(shmctl(id, IPC_STAT, &ds) < 0 && errno == EINVAL);
}

/* What is refused: differences that are documented */

static void segment_attached(void)
{
	int id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);
	void *p = (void *)WORKS(shmat(id, NULL, 0));

	if (p != (void *)-1)
		CALL(shmdt(p));
	shmctl(id, IPC_RMID, NULL);
}

static void signal_descriptor(void)
{
	struct signalfd_siginfo info;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CALL(sigprocmask(SIG_BLOCK, &set, NULL));
	fd = CALL(signalfd(-1, &set, SFD_NONBLOCK));
	CALL(read(fd, &info, sizeof(info)));
	CALL(kill(getpid(), SIGUSR1));
	CALL(read(fd, &info, sizeof(info)));
}

static void asynchronous_io(void)
{
	unsigned long context = 0;

	if (!CALL(syscall(SYS_io_setup, 4, &context)))
		CALL(syscall(SYS_io_destroy, context));
	CALL(syscall(SYS_io_destroy, 0L));
}

static struct scenario scenarios[] = {
	HERE(pipe_ends), HERE(pipe_flags), HERE(pipe_full), HERE(pipe_size),
	HERE(pipe_packets), PROCESS(pipe_broken), HERE(pipe_pointers), HERE(fifo_ends),
	PROCESS(fifo_blocks), HERE(event_counter), HERE(event_semaphore),
	HERE(timer_once), HERE(timer_periodic), HERE(poll_events), HERE(poll_errors),
	HERE(select_sets), HERE(pselect_times), HERE(epoll_level), HERE(epoll_edge),
	HERE(epoll_errors), HERE(epoll_nested), HERE(queue_posix), HERE(queue_system_v),
	HERE(semaphores), PROCESS(semaphore_undo), HERE(segment), HERE(segment_attached),
	PROCESS(signal_descriptor), HERE(asynchronous_io),
};

int main(int argc, char **argv)
{
	return differ(argc, argv, scenarios, LENGTH(scenarios));
}
