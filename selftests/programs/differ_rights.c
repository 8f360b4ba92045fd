// SPDX-License-Identifier: GPL-2.0
/*
 * Scenarios, see differ.h: identity, capabilities, namespaces, filters, scheduling,
 * and what the calls after a change of them may do
 */
#include "differ.h"

#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#define RW	(O_CREAT | O_RDWR)

static void show_ids(void)
{
	gid_t groups[8];
	uid_t r, e, s;
	int n, i;

	getresuid(&r, &e, &s);
	say("users %u %u %u", r, e, s);
	getresgid(&r, &e, &s);
	n = getgroups(8, groups);
	say("groups %u %u %u and %d", r, e, s, n);
	for (i = 0; i < n; i++)
		say("group %u", groups[i]);
}

static void become_nobody(void)
{
	CALL(setgroups(0, NULL));
	CALL(setresgid(NOBODY, NOBODY, NOBODY));
	CALL(setresuid(NOBODY, NOBODY, NOBODY));
}

/* Files that only root may use */
static void make_secrets(void)
{
	make_file("secret", "secret");
	chmod("secret", 0600);
	make_file("public", "public");
	mkdir("private", 0700);
	make_file("private/a", "a");
	mkdir("open", 0777);
	chmod("open", 0777);
	mkdir("sticky", 01777);
	chmod("sticky", 01777);
	make_file("sticky/a", "a");
}

/* Identity */

static void nobody_files(void)
{
	make_secrets();
	become_nobody();
	CALL(open("secret", O_RDONLY));
	CALL(open("public", O_RDONLY));
	CALL(open("public", O_WRONLY));
	CALL(open("private/a", O_RDONLY));
	CALL(open("new", RW, 0644));
	CALL(open("open/mine", RW, 0644));
	CALL(chmod("public", 0666));
	CALL(chown("open/mine", 0, 0));
	CALL(unlink("sticky/a"));
	CALL(rename("sticky/a", "sticky/b"));
	CALL(unlink("public"));
	CALL(link("secret", "open/secret"));
	CALL(access("secret", R_OK));
	CALL(chdir("private"));
	CALL(utimensat(AT_FDCWD, "public", NULL, 0));
	CALL(truncate("secret", 0));
}

static void nobody_system(void)
{
	become_nobody();
	CALL(setresuid(0, 0, 0));
	CALL(setgroups(0, NULL));
	CALL(chroot("."));
	CALL(sethostname("x", 1));
	CALL(mount("none", ".", "tmpfs", 0, NULL));
	CALL(mknod("zero", S_IFCHR, makedev(1, 5)));
	CALL(kill(1, 0));
	CALL(kill(getppid(), 0));
	CALL(setpriority(PRIO_PROCESS, 0, -5));
	CALL(unshare(CLONE_NEWUTS));
	CALL(open("/proc/1/environ", O_RDONLY));
	CALL(syscall(SYS_reboot, 0xfee1deadL, 672274793L, 0L, 0L));
	CALL(clock_settime(CLOCK_REALTIME, &(struct timespec) { 1, 0 }));
	CALL(socket(AF_INET, SOCK_RAW, 1));
}

/* A descriptor keeps the rights that it was opened with. */
static void nobody_descriptors(void)
{
	char text[8];
	int fd, dir;

	make_secrets();
	fd = CALL(open("secret", O_RDWR));
	dir = CALL(open("private", O_RDONLY));
	become_nobody();
	CALL(read(fd, text, sizeof(text)));
	CALL(write(fd, "!", 1));
	CALL(fchmod(fd, 0644));
	CALL(openat(dir, "a", O_RDONLY));
	CALL(fchdir(dir));
	CALL(open("/proc/self/fd/3", O_RDONLY));
}

static void user_changes(void)
{
	CALL(setresuid(1000, 1000, 0));
	show_ids();
	make_file("a", "");
	CALL(seteuid(0));
	make_file("b", "");
	CALL(setreuid(-1, 2000));
	show_ids();
	CALL(setuid(1000));
	show_ids();
	CALL(setuid(0));
	CALL(setresuid(-1, -1, -1));
	CALL(setuid(3000));
	show_ids();
}

static void group_changes(void)
{
	gid_t groups[] = { 5, 6, 7 };

	umask(0);
	CALL(mkdir("a", 02777));
	CALL(chown("a", -1, 99));
	CALL(chmod("a", 02777));
	CALL(setgroups(3, groups));
	CALL(setresgid(10, 11, 12));
	show_ids();
	make_file("b", "");
	make_file("a/b", "");
	CALL(mkdir("a/c", 0777));
	CALL(setegid(12));
	CALL(getgroups(2, groups));
	CALL(syscall(SYS_getgroups, -1L, groups));
	CALL(syscall(SYS_setgroups, -1L, groups));
	CALL(syscall(SYS_setgroups, 1L, nowhere));
	CALL(setregid(-1, 10));
	show_ids();
}

static void group_access(void)
{
	gid_t groups[] = { 99 };

	make_secrets();
	CALL(chown("secret", 0, 99));
	CALL(chmod("secret", 0040));
	CALL(setgroups(1, groups));
	CALL(setresuid(NOBODY, NOBODY, NOBODY));
	CALL(open("secret", O_RDONLY));
	CALL(open("secret", O_RDWR));
	CALL(access("secret", R_OK));
}

static void file_user(void)
{
	make_secrets();
	CALL(setfsuid(NOBODY));
	CALL(setfsuid(-1));
	CALL(open("secret", O_RDONLY));
	CALL(open("open/mine", RW, 0644));
	CALL(setfsuid(0));
	CALL(open("secret", O_RDONLY));
	CALL(setfsgid(77));
	CALL(setfsgid(-1));
	make_file("a", "");
}

/* Both identities count, each for another call. */
static void access_user(void)
{
	make_secrets();
	CALL(setresuid(NOBODY, 0, 0));
	CALL(access("secret", R_OK));
	CALL(syscall(SYS_faccessat2, AT_FDCWD, "secret", R_OK, AT_EACCESS));
	CALL(open("secret", O_RDONLY));
}

static int execute(void)
{
	CALL(execve("program", EXECUTED(), environ));
	return 1;
}

static void exec_owner(void)
{
	IS(copy_program("program"));
	CALL(chown("program", 1234, 5678));
	CALL(chmod("program", 06755));
	run_child(execute);
	become_nobody();
	run_child(execute);
	CALL(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	run_child(execute);
	CALL(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

static void exec_rights(void)
{
	IS(copy_program("program"));
	CALL(chmod("program", 0700));
	run_child(execute);
	CALL(chmod("program", 0600));
	run_child(execute);
	CALL(chmod("program", 0700));
	become_nobody();
	run_child(execute);
}

/* Capabilities */

static int set_capabilities(uint64_t wanted)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = wanted, .permitted = wanted },
		{ .effective = wanted >> 32, .permitted = wanted >> 32 },
	};

	return syscall(SYS_capset, &header, data);
}

static void show_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		say("capget: %s", strerror(errno));
	else
		say("effective %08x%08x permitted %08x%08x", data[1].effective, data[0].effective,
		    data[1].permitted, data[0].permitted);
}

static void capability_files(void)
{
	make_secrets();
	CALL(chown("secret", 1, 1));
	show_capabilities();
	CALL(set_capabilities(1 << CAP_CHOWN));
	show_capabilities();
	CALL(open("secret", O_RDONLY));
	CALL(chown("public", 2, 2));
	CALL(chmod("public", 0600));
	CALL(set_capabilities(1 << CAP_DAC_OVERRIDE));
	CALL(set_capabilities(0));
	show_capabilities();
	CALL(chown("open", 3, 3));
	CALL(setuid(5));
	CALL(sethostname("x", 1));
}

static void capability_keep(void)
{
	make_secrets();
	CALL(prctl(PR_GET_KEEPCAPS));
	CALL(prctl(PR_SET_KEEPCAPS, 1));
	CALL(setresuid(NOBODY, NOBODY, NOBODY));
	CALL(open("secret", O_RDONLY));
	CALL(set_capabilities(1 << CAP_DAC_READ_SEARCH));
	CALL(open("secret", O_RDONLY));
	CALL(open("secret", O_RDWR));
	CALL(prctl(PR_CAPBSET_READ, CAP_CHOWN));
	CALL(prctl(PR_CAPBSET_DROP, CAP_CHOWN));
}

static void capability_errors(void)
{
	struct __user_cap_header_struct header = { .version = 1 };
	struct __user_cap_data_struct data[2];

	CALL(syscall(SYS_capget, &header, data));
	say("version %#x", header.version);
	header.pid = INT_MAX;
	CALL(syscall(SYS_capget, &header, data));
	CALL(syscall(SYS_capset, &header, data));
	CALL(syscall(SYS_capget, nowhere, data));
	CALL(prctl(PR_CAPBSET_READ, 77));
	CALL(prctl(PR_CAPBSET_DROP, CAP_SYS_CHROOT));
	CALL(prctl(PR_CAPBSET_READ, CAP_SYS_CHROOT));
	CALL(prctl(PR_SET_SECUREBITS, 1));
	CALL(prctl(PR_GET_SECUREBITS));
	CALL(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
	CALL(prctl(PR_SET_KEEPCAPS, 77));
}

/* Root and namespaces */

static void change_root(void)
{
	char path[PATH_MAX];

	make_file("outside", "");
	CALL(mkdir("root", 0755));
	make_file("root/inside", "");
	CALL(symlink("/inside", "root/link"));
	CALL(chroot("root"));
	CALL(open("/inside", O_RDONLY));
	CALL(open("outside", O_RDONLY));
	CALL(syscall(SYS_getcwd, path, sizeof(path)) > 0);
	CALL(strncmp(path, "(unreachable)", 13));
	CALL(chdir("/"));
	CALL(open("../outside", O_RDONLY));
	CALL(open("link", O_RDONLY));
	CALL(getcwd(path, sizeof(path)) == path);
	say("in %s", path);
	CALL(open("/proc/self", O_RDONLY));
	CALL(chroot("missing"));
	CALL(chroot("inside"));
	CALL(execve(self, EXECUTED(), environ));
}

static void show_host(void)
{
	struct utsname names;

	CALL(uname(&names));
	say("%s %s", names.nodename, names.domainname);
}

static int show_host_child(void)
{
	show_host();
	return 0;
}

static void host_name(void)
{
	CALL(unshare(CLONE_NEWUTS));
	CALL(sethostname("differ", 6));
	CALL(setdomainname("example", 7));
	show_host();
	run_child(show_host_child);
	CALL(syscall(SYS_sethostname, "x", 100L));
	CALL(syscall(SYS_sethostname, "x", -1L));
	CALL(syscall(SYS_sethostname, nowhere, 3L));
}

static void mount_tree(void)
{
	CALL(mkdir("m", 0755));
	make_file("a", "a");
	CALL(unshare(CLONE_NEWNS));
	CALL(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CALL(mount("none", "m", "tmpfs", 0, "size=64k,mode=0711"));
	show_file("m");
	make_file("m/b", "b");
	CALL(rename("a", "m/a"));
	CALL(link("a", "m/a"));
	CALL(mount("none", "m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	CALL(open("m/c", RW, 0644));
	CALL(unlink("m/b"));
	CALL(rmdir("m"));
	CALL(mount("none", "missing", "tmpfs", 0, NULL));
	CALL(mount("none", "m", "nonsense", 0, NULL));
	CALL(umount("m"));
	CALL(umount("m"));
	CALL(open("m/b", O_RDONLY));
}

static void mount_full(void)
{
	static char data[5 * PAGE];
	int fd;

	CALL(mkdir("m", 0755));
	CALL(unshare(CLONE_NEWNS));
	CALL(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CALL(mount("none", "m", "tmpfs", 0, "size=16k,nr_inodes=3"));
	fd = CALL(open("m/a", RW, 0644));
	CALL(write(fd, data, sizeof(data)));
	CALL(write(fd, data, 1));
	CALL(fallocate(fd, 0, 0, sizeof(data)));
	CALL(open("m/b", RW, 0644));
	CALL(open("m/c", RW, 0644));
	CALL(umount("m"));
	CALL(umount2("m", MNT_DETACH));
}

static void user_namespace(void)
{
	become_nobody();
	CALL(unshare(CLONE_NEWUSER));
	show_ids();
	show_capabilities();
	CALL(unshare(CLONE_NEWUTS));
	CALL(sethostname("user", 4));
	show_host();
	CALL(open("new", RW, 0644));
}

static int first_process(void)
{
	CALL(getpid());
	CALL(getppid());
	CALL(kill(30000, 0));
	return 0;
}

static void process_namespace(void)
{
	CALL(unshare(CLONE_NEWPID));
	IS(getpid() != 1);
	run_child(first_process);
	CALL(fork() < 0 && errno == ENOMEM);
	CALL(unshare(0x1));
	CALL(setns(0, 0));
	CALL(setns(99, 0));
}

/* Filters */

static int filter_call(int number, unsigned int action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { LENGTH(code), code };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0L, &program);
}

static int call_in_child(void)
{
	CALL(getsid(-1));
	CALL(mkdir("d", 0755));
	return 3;
}

static void filter_error(void)
{
	CALL(filter_call(SYS_getsid, SECCOMP_RET_ERRNO | EXDEV));
	CALL(filter_call(SYS_mkdir, SECCOMP_RET_ERRNO | EPERM));
	call_in_child();
	run_child(call_in_child);
	CALL(mkdirat(AT_FDCWD, "e", 0755));
	CALL(prctl(PR_GET_SECCOMP));
}

static void filter_kill(void)
{
	CALL(filter_call(SYS_getsid, SECCOMP_RET_KILL_PROCESS));
	run_child(call_in_child);
	CALL(filter_call(SYS_getppid, SECCOMP_RET_KILL_THREAD));
	CALL(getppid());
}

static void on_trap(int number, siginfo_t *info, void *context)
{
	say("handler: signal %d code %d error %d call %d", number, info->si_code, info->si_errno,
	    info->si_syscall);
	(void)context;
}

static void filter_trap(void)
{
	struct sigaction sa = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };

	CALL(sigaction(SIGSYS, &sa, NULL));
	CALL(filter_call(SYS_getsid, SECCOMP_RET_TRAP | 7));
	CALL(getsid(0) != 0);
	CALL(signal(SIGSYS, SIG_DFL) == SIG_ERR);
	CALL(getsid(0));
}

static void filter_rights(void)
{
	struct sock_fprog none = { 0, NULL };

	become_nobody();
	CALL(filter_call(SYS_getsid, SECCOMP_RET_ERRNO | EXDEV));
	CALL(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CALL(filter_call(SYS_getsid, SECCOMP_RET_ERRNO | EXDEV));
	CALL(getsid(-1));
	CALL(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0L, &none));
	CALL(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0L, nowhere));
	CALL(syscall(SYS_seccomp, 77L, 0L, NULL));
	CALL(prctl(PR_SET_SECCOMP, 77, NULL));
}

static void landlock(void)
{
	struct landlock_ruleset_attr attributes = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR,
	};
	int fd;

	make_file("a", "a");
	WORKS(syscall(SYS_landlock_create_ruleset, NULL, 0L, 1L /* version */));
	fd = CALL(syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0L));
	CALL(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CALL(syscall(SYS_landlock_restrict_self, fd, 0L));
	CALL(open("a", O_RDONLY));
	CALL(open("a", O_WRONLY));
	CALL(mkdir("d", 0755));
	CALL(symlink("a", "link"));
	run_child(call_in_child);
}

/* Limits that depend on the user */

static int wait_forever(void)
{
	while (pause() < 0)
		;
	return 0;
}

/* How many there may be is the business of who counts threads, too. */
static void process_limit(void)
{
	struct rlimit limit = { 20, 20 };
	pid_t pid = 0;
	int n;

	CALL(setrlimit(RLIMIT_NPROC, &limit));
	CALL(setresgid(4321, 4321, 4321));
	CALL(setresuid(4321, 4321, 4321));
	for (n = 0; n < 30 && pid >= 0; n++)
		pid = start_child(wait_forever);
	IS(n > 2 && n <= 20);
	CALL(signal(SIGTERM, SIG_IGN) == SIG_ERR);
	CALL(kill(0, SIGTERM));
	while (n-- > 1 && waitpid(-1, NULL, 0) > 0)
		;
	CALL(waitpid(-1, NULL, 0));
	end_child(start_child(call_in_child));
}

static void limit_rights(void)
{
	struct rlimit low = { 10, 20 }, high = { 10, 30 };

	CALL(setrlimit(RLIMIT_RTPRIO, &low));
	CALL(setrlimit(RLIMIT_RTPRIO, &high));
	become_nobody();
	CALL(setrlimit(RLIMIT_RTPRIO, &low));
	CALL(setrlimit(RLIMIT_RTPRIO, &high));
	CALL(syscall(SYS_prlimit64, 1L, RLIMIT_CORE, NULL, &low));
}

/* Scheduling */

static long set_scheduler(int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	return syscall(SYS_sched_setscheduler, 0L, policy, &param);
}

static void scheduler(void)
{
	struct sched_param param = {};

	CALL(syscall(SYS_sched_getscheduler, 0L));
	CALL(set_scheduler(SCHED_BATCH, 0));
	CALL(syscall(SYS_sched_getscheduler, 0L));
	CALL(set_scheduler(SCHED_FIFO, 0));
	CALL(set_scheduler(SCHED_FIFO, 100));
	CALL(set_scheduler(SCHED_OTHER, 1));
	CALL(set_scheduler(77, 0));
	CALL(set_scheduler(SCHED_RR | SCHED_RESET_ON_FORK, 1));
	CALL(syscall(SYS_sched_getscheduler, 0L));
	CALL(syscall(SYS_sched_getparam, 0L, &param));
	say("priority %d", param.sched_priority);
	CALL(set_scheduler(SCHED_OTHER, 0));
	CALL(sched_get_priority_max(SCHED_FIFO));
	CALL(sched_get_priority_min(SCHED_RR));
	CALL(sched_get_priority_max(77));
	CALL(syscall(SYS_sched_getscheduler, (long)INT_MAX));
	CALL(syscall(SYS_sched_getparam, 0L, nowhere));
}

static void scheduler_rights(void)
{
	struct rlimit limit = { 2, 2 };

	CALL(setrlimit(RLIMIT_RTPRIO, &limit));
	become_nobody();
	CALL(set_scheduler(SCHED_FIFO, 3));
	CALL(set_scheduler(SCHED_FIFO, 2));
	CALL(syscall(SYS_sched_getscheduler, 0L));
	CALL(set_scheduler(SCHED_OTHER, 0));
	CALL(sched_yield());
}

static int show_nice(void)
{
	CALL(getpriority(PRIO_PROCESS, 0));
	return 0;
}

static void niceness(void)
{
	show_nice();
	CALL(nice(3));
	CALL(setpriority(PRIO_PROCESS, 0, 5));
	show_nice();
	run_child(show_nice);
	CALL(setpriority(PRIO_PROCESS, getpid(), 100));
	show_nice();
	CALL(setpriority(PRIO_PROCESS, 0, -5));
	CALL(getpriority(PRIO_PROCESS, 0) == -5);
	CALL(setpriority(77, 0, 0));
	CALL(getpriority(PRIO_PROCESS, INT_MAX));
	become_nobody();
	CALL(setpriority(PRIO_PROCESS, 0, -6));
	CALL(setpriority(PRIO_PROCESS, 0, 0));
}

static void affinity(void)
{
	unsigned long one = 1, none = 0, seen[16] = {};

	CALL(syscall(SYS_sched_setaffinity, 0L, sizeof(one), &one));
	CALL(syscall(SYS_sched_getaffinity, 0L, sizeof(seen), seen) > 0);
	say("cpus %#lx", seen[0]);
	CALL(syscall(SYS_sched_setaffinity, 0L, sizeof(none), &none));
	CALL(syscall(SYS_sched_setaffinity, 0L, sizeof(one), nowhere));
	CALL(syscall(SYS_sched_getaffinity, 0L, 4L, seen));
	CALL(syscall(SYS_sched_getaffinity, (long)INT_MAX, sizeof(seen), seen));
}

/* Of the whole process group, too */
static void io_priority(void)
{
	CALL(syscall(SYS_ioprio_get, 1L, 0L));
	CALL(syscall(SYS_ioprio_set, 1L, 0L, 2L << 13 | 5));
	CALL(syscall(SYS_ioprio_get, 1L, 0L));
	CALL(syscall(SYS_ioprio_set, 1L, 0L, 2L << 13 | 9));
	CALL(syscall(SYS_ioprio_set, 77L, 0L, 0L));
	CALL(syscall(SYS_ioprio_get, 1L, (long)INT_MAX));
}

static int show_personality(void)
{
	CALL(personality(0xffffffff));
	return 0;
}

static void personalities(void)
{
	struct utsname names;

	show_personality();
	CALL(personality(0x0020000 /* UNAME26 */));
	CALL(uname(&names));
	IS(!strncmp(names.release, "2.6.", 4));
	CALL(personality(0x0040000 /* ADDR_NO_RANDOMIZE */));
	run_child(show_personality);
	CALL(personality(0));
	CALL(uname(&names));
	IS(!strncmp(names.release, "2.6.", 4));
}

static void keyrings(void)
{
	CALL(syscall(SYS_keyctl, 0L, -3L, 0L) > 0);
	CALL(syscall(SYS_keyctl, 77L, 0L, 0L));
	CALL(syscall(SYS_add_key, "user", "differ", "text", 4L, -3L) > 0);
	CALL(syscall(SYS_add_key, "nonsense", "differ", "text", 4L, -3L));
}

static struct scenario scenarios[] = {
	PROCESS(nobody_files), PROCESS(nobody_system), PROCESS(nobody_descriptors),
	PROCESS(user_changes), PROCESS(group_changes), PROCESS(group_access),
	PROCESS(file_user), PROCESS(access_user), PROCESS(exec_owner), PROCESS(exec_rights),
	PROCESS(capability_files), PROCESS(capability_keep), PROCESS(capability_errors),
	PROCESS(change_root), PROCESS(host_name), PROCESS(mount_tree), PROCESS(mount_full),
	PROCESS(user_namespace), PROCESS(process_namespace), PROCESS(filter_error),
	PROCESS(filter_kill), PROCESS(filter_trap), PROCESS(filter_rights),
	PROCESS(landlock), PROCESS(process_limit), PROCESS(limit_rights),
	PROCESS(scheduler), PROCESS(scheduler_rights), PROCESS(niceness), PROCESS(affinity),
	PROCESS(io_priority), PROCESS(personalities), PROCESS(keyrings),
};

int main(int argc, char **argv)
{
	return differ(argc, argv, scenarios, LENGTH(scenarios));
}
