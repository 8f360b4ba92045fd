// SPDX-License-Identifier: GPL-2.0
/* Scenarios, see differ.h: sockets */
#include "differ.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

/* An address of a socket in the file system, or of an abstract one after '@' */
static socklen_t unix_address(struct sockaddr_un *address, const char *name)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, name, strlen(name));
	if (*name == '@')
		address->sun_path[0] = 0;
	return offsetof(struct sockaddr_un, sun_path) + strlen(name);
}

static int unix_bind(int fd, const char *name)
{
	struct sockaddr_un address;
	socklen_t len = unix_address(&address, name);

	return bind(fd, (void *)&address, len);
}

static int unix_connect(int fd, const char *name)
{
	struct sockaddr_un address;
	socklen_t len = unix_address(&address, name);

	return connect(fd, (void *)&address, len);
}

static void show_name(int fd, int (*get)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_un address = {};
	socklen_t len = sizeof(address);

	if (get(fd, (void *)&address, &len))
		say("no name: %s", strerror(errno));
	else
		say("family %d, %u bytes: %s", address.sun_family, len,
		    len > 3 ? address.sun_path + !address.sun_path[0] : "");
}

static void show_option(int fd, int level, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);
	int result = getsockopt(fd, level, option, &value, &len);

	say("option %d %d -> %d: %d, %u bytes", level, option, result, value, len);
}

static void set_option(int fd, int level, int option, int value)
{
	int result = setsockopt(fd, level, option, &value, sizeof(value));

	say("option %d %d = %d -> %d %s", level, option, value, result,
	    result < 0 ? strerror(errno) : "");
	show_option(fd, level, option);
}

/* Local sockets */

static void unix_stream(void)
{
	char text[16];
	int fd[2];

	CALL(socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	show_fd(fd[0]);
	CALL(write(fd[0], "one", 3));
	CALL(send(fd[0], "two", 3, 0));
	CALL(recv(fd[1], text, 4, MSG_PEEK));
	CALL(recv(fd[1], text, sizeof(text), 0));
	BYTES(text, 6);
	CALL(recv(fd[1], text, sizeof(text), MSG_DONTWAIT));
	CALL(write(fd[1], "back", 4));
	CALL(recv(fd[0], text, 4, MSG_WAITALL));
	CALL(shutdown(fd[0], SHUT_WR));
	CALL(read(fd[1], text, 1));
	CALL(send(fd[0], "x", 1, MSG_NOSIGNAL));
	CALL(write(fd[1], "y", 1));
	CALL(close(fd[1]));
	CALL(read(fd[0], text, 8));
	CALL(read(fd[0], text, 8));
	CALL(shutdown(fd[0], 77));
}

static void unix_packets(void)
{
	char text[8];
	struct iovec iov = { text, sizeof(text) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd[2];

	CALL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd));
	CALL(fcntl(fd[1], F_GETFD));
	CALL(send(fd[0], "0123456789", 10, MSG_EOR));
	CALL(send(fd[0], "", 0, 0));
	CALL(send(fd[0], "last", 4, 0));
	CALL(recvmsg(fd[1], &message, 0));
	say("flags %#x", (unsigned int)message.msg_flags);
	CALL(recv(fd[1], text, sizeof(text), 0));
	CALL(recv(fd[1], text, 2, MSG_TRUNC));
	CALL(close(fd[0]));
	CALL(recv(fd[1], text, sizeof(text), 0));
}

static void unix_datagrams(void)
{
	struct sockaddr_un address;
	socklen_t len = unix_address(&address, "a");
	int one = CALL(socket(AF_UNIX, SOCK_DGRAM, 0)), two = CALL(socket(AF_UNIX, SOCK_DGRAM, 0));
	char text[16];

	CALL(sendto(two, "early", 5, 0, (void *)&address, len));
	CALL(unix_bind(one, "a"));
	CALL(unix_bind(two, "a"));
	CALL(unix_bind(two, "b"));
	CALL(sendto(two, "datagram", 8, 0, (void *)&address, len));
	len = sizeof(address);
	CALL(recvfrom(one, text, sizeof(text), 0, (void *)&address, &len));
	say("from %s, %u bytes", address.sun_path, len);
	CALL(send(two, "x", 1, 0));
	CALL(unix_connect(two, "a"));
	CALL(send(two, "x", 1, 0));
	CALL(close(one));
	CALL(send(two, "y", 1, 0));
	CALL(unix_connect(two, "a"));
	CALL(unix_connect(two, "missing"));
	CALL(recv(two, text, 1, MSG_DONTWAIT));
}

static void unix_listen(void)
{
	int listener = CALL(socket(AF_UNIX, SOCK_STREAM, 0)), client, server;
	char text[8];

	CALL(unix_bind(listener, "socket"));
	client = CALL(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
	CALL(unix_connect(client, "socket"));
	CALL(listen(listener, 0));
	CALL(unix_connect(client, "socket"));
	CALL(unix_connect(client, "socket"));
	CALL(unix_connect(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket"));
	CALL(unix_connect(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket"));
	CALL(unix_connect(socket(AF_UNIX, SOCK_DGRAM, 0), "socket"));
	server = CALL(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	CALL(fcntl(server, F_GETFD));
	show_name(server, getsockname);
	show_name(server, getpeername);
	show_name(client, getpeername);
	CALL(write(client, "text", 4));
	CALL(read(server, text, 8));
	CALL(close(listener));
	CALL(unix_connect(socket(AF_UNIX, SOCK_STREAM, 0), "socket"));
}

static void unix_abstract(void)
{
	int listener = CALL(socket(AF_UNIX, SOCK_STREAM, 0)), client;

	CALL(unix_bind(listener, "@crtos-differ"));
	CALL(unix_bind(socket(AF_UNIX, SOCK_STREAM, 0), "@crtos-differ"));
	show_name(listener, getsockname);
	CALL(listen(listener, 5));
	client = CALL(socket(AF_UNIX, SOCK_STREAM, 0));
	CALL(unix_connect(client, "@crtos-differ"));
	CALL(unix_connect(client, "@crtos-differ"));
	show_name(client, getsockname);
	CALL(accept(listener, NULL, NULL));
	CALL(fcntl(listener, F_SETFL, O_NONBLOCK));
	CALL(accept(listener, NULL, NULL));
	CALL(accept(client, NULL, NULL));
}

/* A message with descriptors, and perhaps credentials */
struct control {
	char text[8];
	struct iovec iov;
	struct msghdr message;
	char space[128] __attribute__((aligned(8)));
};

static void control_init(struct control *c, size_t len)
{
	memset(c, 0, sizeof(*c));
	c->iov = (struct iovec) { c->text, sizeof(c->text) };
	c->message = (struct msghdr) { .msg_iov = &c->iov, .msg_iovlen = 1,
		.msg_control = len ? c->space : NULL, .msg_controllen = len };
}

static ssize_t send_control(int fd, int type, const void *data, size_t len)
{
	struct control c;
	struct cmsghdr *header;

	control_init(&c, CMSG_SPACE(len));
	memcpy(c.text, "message", 8);
	header = CMSG_FIRSTHDR(&c.message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = type;
	header->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(header), data, len);
	return sendmsg(fd, &c.message, 0);
}

static void show_control(int fd, size_t space, int flags)
{
	struct cmsghdr *header;
	struct control c;
	ssize_t n;

	control_init(&c, space);
	n = recvmsg(fd, &c.message, flags);
	say("recvmsg -> %zd flags %#x control %zu", n, (unsigned int)c.message.msg_flags,
	    (size_t)c.message.msg_controllen);
	if (n < 0)
		return;
	for (header = CMSG_FIRSTHDR(&c.message); header;
	     header = CMSG_NXTHDR(&c.message, header)) {
		int data[3];

		memcpy(data, CMSG_DATA(header), sizeof(data));
		if (header->cmsg_type == SCM_CREDENTIALS) {
			say("from us: %s, user %d, group %d", data[0] == getpid() ? "yes" : "no",
			    data[1], data[2]);
			continue;
		}
		say("type %d, length %u: %d", header->cmsg_type, (int)header->cmsg_len, data[0]);
	}
}

static void pass_descriptor(void)
{
	char text[8] = "";
	int fd[2], file;

	make_file("a", "contents");
	CALL(socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	file = CALL(open("a", O_RDONLY));
	CALL(send_control(fd[0], SCM_RIGHTS, &file, sizeof(file)));
	CALL(read(file, text, 3));
	CALL(close(file));
	show_control(fd[1], CMSG_SPACE(sizeof(int)), MSG_CMSG_CLOEXEC);
	CALL(read(5, text, 8));
	BYTES(text, 5);
	CALL(fcntl(5, F_GETFD));
	CALL(send_control(fd[0], SCM_RIGHTS, (int []) { 5, 5, 5 }, 3 * sizeof(int)));
	show_control(fd[1], CMSG_SPACE(sizeof(int)), 0);
	CALL(send_control(fd[0], SCM_RIGHTS, (int []) { 5, 5 }, 2 * sizeof(int)));
	show_control(fd[1], 0, 0);
	CALL(send_control(fd[0], SCM_RIGHTS, (int []) { 99 }, sizeof(int)));
	CALL(send_control(fd[0], 77, &file, sizeof(int)));
	CALL(open("a", O_RDONLY));
}

static void pass_credentials(void)
{
	struct { int pid, uid, gid; } ids = { getpid(), 12, 34 }, peer;
	socklen_t len = sizeof(peer);
	int fd[2];

	CALL(socketpair(AF_UNIX, SOCK_DGRAM, 0, fd));
	set_option(fd[1], SOL_SOCKET, SO_PASSCRED, 1);
	CALL(send_control(fd[0], SCM_CREDENTIALS, &ids, sizeof(ids)));
	show_control(fd[1], 128, 0);
	CALL(write(fd[0], "x", 1));
	show_control(fd[1], 128, 0);
	ids.pid = INT_MAX;
	CALL(send_control(fd[0], SCM_CREDENTIALS, &ids, sizeof(ids)));
	CALL(getsockopt(fd[0], SOL_SOCKET, SO_PEERCRED, &peer, &len));
	IS(peer.pid == getpid());
	say("user %d, group %d, %u bytes", peer.uid, peer.gid, len);
}

/* Options and errors */

static void socket_options(void)
{
	int fd = CALL(socket(AF_UNIX, SOCK_STREAM, 0)), value = 1;
	struct timeval soon = { 0, 1000 };
	socklen_t len = 2;

	show_option(fd, SOL_SOCKET, SO_TYPE);
	show_option(fd, SOL_SOCKET, SO_DOMAIN);
	show_option(fd, SOL_SOCKET, SO_PROTOCOL);
	show_option(fd, SOL_SOCKET, SO_ERROR);
	show_option(fd, SOL_SOCKET, SO_ACCEPTCONN);
	set_option(fd, SOL_SOCKET, SO_SNDBUF, 10000);
	set_option(fd, SOL_SOCKET, SO_RCVBUF, 1);
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 5);
	set_option(fd, SOL_SOCKET, SO_PRIORITY, 3);
	set_option(fd, SOL_SOCKET, 7777, 1);
	set_option(fd, 7777, 1, 1);
	CALL(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)));
	CALL(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, 2));
	CALL(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, nowhere, 4));
	CALL(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len));
	say("value %d length %u", value, len);
	CALL(getsockopt(fd, SOL_SOCKET, SO_TYPE, nowhere, &len));
	CALL(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, (void *)nowhere));
	CALL(getsockopt(0, SOL_SOCKET, SO_TYPE, &value, &len));
}

static void socket_errors(void)
{
	struct sockaddr_un address = {};
	char text[8];
	int fd[2], i;

	CALL(socket(77, SOCK_STREAM, 0));
	CALL(socket(AF_UNIX, 77, 0));
	CALL(socket(AF_UNIX, SOCK_STREAM, 77));
	CALL(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
	CALL(socketpair(AF_INET, SOCK_STREAM, 0, fd));
	CALL(socketpair(AF_UNIX, SOCK_STREAM, 0, (void *)nowhere));
	i = CALL(socket(AF_UNIX, SOCK_STREAM, 0));
	CALL(send(i, "x", 1, MSG_NOSIGNAL));
	CALL(recv(i, text, 8, 0));
	CALL(listen(i, 1));
	CALL(shutdown(i, SHUT_RD));
	CALL(bind(i, (void *)nowhere, 10));
	CALL(bind(i, (void *)&address, 500));
	CALL(unix_bind(i, "missing/a"));
	CALL(connect(i, (void *)&address, 1));
	CALL(bind(0, (void *)&address, 10));
	CALL(send(99, "x", 1, 0));
	CALL(recv(open(".", O_RDONLY), text, 8, 0));
	CALL(syscall(SYS_sendmsg, i, nowhere, 0));
	CALL(lseek(i, 0, SEEK_SET));
	CALL(open("missing", O_RDONLY));
}

static void socket_timeout(void)
{
	struct timeval soon = { 0, 1000 };
	struct pollfd polled[2];
	char text[8];
	int fd[2];

	CALL(socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)));
	CALL(read(fd[0], text, 8));
	CALL(recv(fd[0], text, 8, 0));
	polled[0] = (struct pollfd) { fd[0], POLLIN | POLLOUT | POLLRDHUP, 0 };
	CALL(poll(polled, 1, 10000));
	say("%#x", (unsigned int)polled[0].revents);
	CALL(shutdown(fd[1], SHUT_WR));
	CALL(poll(polled, 1, 10000));
	say("%#x", (unsigned int)polled[0].revents);
	CALL(close(fd[1]));
	CALL(poll(polled, 1, 10000));
	say("%#x", (unsigned int)polled[0].revents);
}

static void socket_pointers(void)
{
	char *end = edge("abcd", 4);
	int fd[2];

	CALL(socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	CALL(write(fd[0], end - 4, 8));
	CALL(send(fd[0], nowhere, 8, 0));
	CALL(send(fd[0], end - 4, 4, 0));
	CALL(recv(fd[1], nowhere, 4, 0));
	CALL(recv(fd[1], end - 2, 4, 0));
	CALL(recv(fd[1], end - 4, 8, MSG_DONTWAIT));
	BYTES(end - 4, 4);
}

static void many_messages(void)
{
	char text[3][4] = { "one", "two", "six" }, got[3][4] = {};
	struct mmsghdr out[3] = {}, in[3] = {};
	struct iovec from[3], to[3];
	struct timespec soon = { 0, 1000000 };
	int fd[2], i;

	CALL(socketpair(AF_UNIX, SOCK_DGRAM, 0, fd));
	for (i = 0; i < 3; i++) {
		from[i] = (struct iovec) { text[i], i + 1 };
		to[i] = (struct iovec) { got[i], 4 };
		out[i].msg_hdr = (struct msghdr) { .msg_iov = &from[i], .msg_iovlen = 1 };
		in[i].msg_hdr = (struct msghdr) { .msg_iov = &to[i], .msg_iovlen = 1 };
	}
	CALL(syscall(SYS_sendmmsg, fd[0], out, 3, 0));
	CALL(syscall(SYS_recvmmsg, fd[1], in, 2, 0, NULL));
	CALL(syscall(SYS_recvmmsg, fd[1], in + 2, 1, MSG_WAITFORONE, &soon));
	for (i = 0; i < 3; i++)
		say("%u %u: %s", out[i].msg_len, in[i].msg_len, got[i]);
	CALL(syscall(SYS_recvmmsg, fd[1], in, 3, MSG_DONTWAIT, NULL));
	CALL(syscall(SYS_sendmmsg, fd[0], nowhere, 1, 0));
}

static void socket_splice(void)
{
	off_t offset = 2;
	char text[16];
	int fd[2], pipes[2], file;

	make_file("a", "0123456789");
	CALL(socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	CALL(pipe(pipes));
	file = CALL(open("a", O_RDONLY));
	CALL(sendfile(fd[0], file, &offset, 4));
	CALL(splice(fd[1], NULL, pipes[1], NULL, 3, 0));
	CALL(splice(pipes[0], NULL, fd[1], NULL, 3, 0));
	CALL(read(fd[0], text, sizeof(text)));
	BYTES(text, 3);
	CALL(read(fd[1], text, sizeof(text)));
	CALL(sendfile(file, fd[0], NULL, 4));
}

/* The internet, as far as this machine is one */

static struct sockaddr_in local_address(int port)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (!ioctl(fd, SIOCGIFFLAGS, &request) && !(request.ifr_flags & IFF_UP)) {
		request.ifr_flags |= IFF_UP;
		ioctl(fd, SIOCSIFFLAGS, &request);
	}
	close(fd);
	return (struct sockaddr_in) { .sin_family = AF_INET, .sin_port = port,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* Binds to a port that is free, which gets into the address. */
static void bind_free(int fd, struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);

	*address = local_address(0);
	CALL(bind(fd, (void *)address, sizeof(*address)));
	CALL(getsockname(fd, (void *)address, &len));
	say("address %s, %u bytes", inet_ntoa(address->sin_addr), len);
	IS(address->sin_port != 0);
}

static void tcp_connection(void)
{
	int listener = CALL(socket(AF_INET, SOCK_STREAM, 0)), client, server;
	struct sockaddr_in address, peer, own;
	socklen_t len = sizeof(peer);
	char text[16];

	bind_free(listener, &address);
	CALL(listen(listener, 3));
	client = CALL(socket(AF_INET, SOCK_STREAM, 0));
	CALL(connect(client, (void *)&address, sizeof(address)));
	CALL(connect(client, (void *)&address, sizeof(address)));
	server = CALL(accept(listener, (void *)&peer, &len));
	CALL(getsockname(client, (void *)&own, &len));
	IS(!memcmp(&own, &peer, sizeof(own)));
	CALL(write(client, "request", 7));
	CALL(read(server, text, sizeof(text)));
	CALL(write(server, "answer", 6));
	CALL(shutdown(server, SHUT_WR));
	CALL(recv(client, text, 6, MSG_WAITALL));
	BYTES(text, 6);
	CALL(read(client, text, sizeof(text)));
	CALL(close(client));
	CALL(read(server, text, sizeof(text)));
	CALL(getpeername(listener, (void *)&peer, &len));
}

static void tcp_options(void)
{
	int fd = CALL(socket(AF_INET, SOCK_STREAM, 0));

	show_option(fd, SOL_SOCKET, SO_PROTOCOL);
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 100);
	set_option(fd, IPPROTO_TCP, TCP_MAXSEG, 1);
	set_option(fd, IPPROTO_IP, IP_TTL, 5);
	set_option(fd, IPPROTO_IP, IP_TTL, 500);
	set_option(fd, IPPROTO_TCP, 7777, 1);
}

static void tcp_errors(void)
{
	int listener = CALL(socket(AF_INET, SOCK_STREAM, 0)), client;
	struct sockaddr_in address, far;
	char c = 'c';

	bind_free(listener, &address);
	client = CALL(socket(AF_INET, SOCK_STREAM, 0));
	CALL(connect(client, (void *)&address, sizeof(address)));
	CALL(bind(client, (void *)&address, sizeof(address)));
	CALL(read(client, &c, 1));
	CALL(send(client, &c, 1, MSG_NOSIGNAL));
	CALL(shutdown(client, SHUT_RDWR));
	CALL(connect(client, (void *)&address, 3));
	CALL(accept(client, NULL, NULL));
	far = address;
	far.sin_family = 77;
	CALL(connect(client, (void *)&far, sizeof(far)));
	far.sin_family = AF_INET;
	far.sin_addr.s_addr = htonl(0x01020304);
	CALL(bind(client, (void *)&far, sizeof(far)));
	far.sin_addr.s_addr = htonl(INADDR_BROADCAST);
	CALL(connect(client, (void *)&far, sizeof(far)));
}

static void tcp_nonblocking(void)
{
	int listener = CALL(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)), client, n = -1;
	struct sockaddr_in address;
	struct pollfd polled;

	bind_free(listener, &address);
	CALL(accept(listener, NULL, NULL));
	CALL(listen(listener, 1));
	CALL(accept(listener, NULL, NULL));
	client = CALL(socket(AF_INET, SOCK_STREAM, 0));
	CALL(connect(client, (void *)&address, sizeof(address)));
	polled = (struct pollfd) { listener, POLLIN, 0 };
	CALL(poll(&polled, 1, 10000));
	CALL(accept4(listener, NULL, NULL, SOCK_NONBLOCK));
	CALL(send(client, "12345", 5, 0));
	polled.fd = 5;
	CALL(poll(&polled, 1, 10000));
	CALL(ioctl(5, FIONREAD, &n));
	say("n %d", n);
	CALL(close(client));
	CALL(recv(5, &n, 4, MSG_TRUNC));
	CALL(syscall(SYS_accept4, listener, NULL, NULL, 77));
}

static void udp_datagrams(void)
{
	int one = CALL(socket(AF_INET, SOCK_DGRAM, 0)), two = CALL(socket(AF_INET, SOCK_DGRAM, 0));
	struct sockaddr_in address, from;
	socklen_t len = sizeof(from);
	static char large[70000];
	char text[8];

	bind_free(one, &address);
	CALL(bind(two, (void *)&address, sizeof(address)));
	CALL(send(two, "x", 1, 0));
	CALL(sendto(two, "0123456789", 10, 0, (void *)&address, sizeof(address)));
	CALL(sendto(two, "", 0, 0, (void *)&address, sizeof(address)));
	CALL(sendto(two, large, sizeof(large), 0, (void *)&address, sizeof(address)));
	CALL(recvfrom(one, text, 4, MSG_TRUNC, (void *)&from, &len));
	BYTES(text, 4);
	say("from %s, %u bytes", inet_ntoa(from.sin_addr), len);
	CALL(recv(one, text, 4, 0));
	CALL(recv(one, text, 4, MSG_DONTWAIT));
	CALL(sendto(one, "back", 4, 0, (void *)&from, len));
	CALL(recv(two, text, 8, 0));
	CALL(shutdown(one, SHUT_RD));
	address.sin_port = 0;
	CALL(sendto(two, "x", 1, 0, (void *)&address, sizeof(address)));
}

static void udp_refused(void)
{
	int gone = CALL(socket(AF_INET, SOCK_DGRAM, 0)), fd = CALL(socket(AF_INET, SOCK_DGRAM, 0));
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct pollfd polled = { fd, 0, 0 };
	struct sockaddr_in address;
	char c;

	bind_free(gone, &address);
	CALL(connect(fd, (void *)&address, sizeof(address)));
	CALL(close(gone));
	CALL(send(fd, "x", 1, 0));
	CALL(recv(fd, &c, 1, 0));
	CALL(send(fd, "x", 1, 0));
	CALL(poll(&polled, 1, 10000));
	show_option(fd, SOL_SOCKET, SO_ERROR);
	show_option(fd, SOL_SOCKET, SO_ERROR);
	CALL(connect(fd, &none, sizeof(none)));
	CALL(send(fd, "x", 1, 0));
}

static void interfaces(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	struct sockaddr_in address = local_address(0);
	int fd = CALL(socket(AF_INET, SOCK_DGRAM, 0));

	CALL(ioctl(fd, SIOCGIFFLAGS, &request));
	CALL(request.ifr_flags & (IFF_UP | IFF_LOOPBACK));
	CALL(ioctl(fd, SIOCGIFINDEX, &request));
	CALL(request.ifr_ifindex);
	CALL(ioctl(fd, SIOCGIFMTU, &request));
	CALL(request.ifr_mtu);
	memcpy(request.ifr_name, "missing", 8);
	CALL(ioctl(fd, SIOCGIFFLAGS, &request));
	CALL(ioctl(fd, SIOCGIFFLAGS, nowhere));
	CALL(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	CALL(bind(socket(AF_NETLINK, SOCK_RAW, 0), (void *)&address, sizeof(address)));
	CALL(socket(AF_NETLINK, SOCK_RAW, 77));
}

static struct sockaddr_in server_address;

static int tcp_client(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char text[8];

	CALL(connect(fd, (void *)&server_address, sizeof(server_address)));
	CALL(recv(fd, text, 4, MSG_WAITALL));
	BYTES(text, 4);
	return 3;
}

static void tcp_processes(void)
{
	int listener = CALL(socket(AF_INET, SOCK_STREAM, 0)), server;
	pid_t pid;

	bind_free(listener, &server_address);
	CALL(listen(listener, 3));
	pid = start_child(tcp_client);
	if (pid < 0)
		return;
	server = accept(listener, NULL, NULL);
	sleep_ms(50);
	if (write(server, "late", 4) != 4)
		say("write: %s", strerror(errno));
	end_child(pid);
	CALL(close(server));
}

static struct scenario scenarios[] = {
	HERE(unix_stream), HERE(unix_packets), HERE(unix_datagrams), HERE(unix_listen),
	HERE(unix_abstract), HERE(pass_descriptor), HERE(pass_credentials),
	HERE(socket_options), HERE(socket_errors), HERE(socket_timeout),
	HERE(socket_pointers), HERE(many_messages), HERE(socket_splice),
	HERE(tcp_connection), HERE(tcp_options), HERE(tcp_errors), HERE(tcp_nonblocking),
	HERE(udp_datagrams), HERE(udp_refused), HERE(interfaces), PROCESS(tcp_processes),
};

int main(int argc, char **argv)
{
	return differ(argc, argv, scenarios, LENGTH(scenarios));
}
