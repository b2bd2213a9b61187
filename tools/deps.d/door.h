/* SPDX-License-Identifier: GPL-3.0-or-later
 * What early ssh does otherwise than Dropbear: whose connection gives way when many come
 * (a flood must not shut the owner out, nor use up the memory that his unlock needs), and
 * terminals that never show what is typed. dropbear.patch says where each is called. */
#ifndef LATCHKEY_DOOR_H
#define LATCHKEY_DOOR_H

#include "includes.h"
#include "chansession.h"
#include "dbutil.h"
#include "session.h"

#include <poll.h>

/* Seconds that an open session may be without a command: a client asks for its own within
 * one round trip, and needs time to fetch the last lines of one that has ended. */
#define COMMAND_TIMEOUT 30
/* Seconds that nobody is ended for a newcomer: enough to prove a key, and a bound to what a
 * flood can make us start. */
#define GRACE 2
/* The same where it makes room for another one of its own network: those may all be people, who
 * need longer for a key with a passphrase. */
#define GRACE_AT_HOME 5

/* A terminal is the unlocker's from its first moment on: what a client sends right behind its
 * request for one (ssh -tt with a pipe) is shown before any program could turn the echo off. */
static inline void hide_typing(int terminal) {
	struct termios modes;
	if (tcgetattr(terminal, &modes) != 0) return;
	modes.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	tcsetattr(terminal, TCSANOW, &modes);
}

/* Whom a connection is counted for: an address, but of IPv6 the /64, since every machine has
 * all 2^64 addresses of its own. */
static inline struct sockaddr_storage network_of(const struct sockaddr_storage *from) {
	struct sockaddr_storage network = *from;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&network;
	if (network.ss_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		memset(&six->sin6_addr.s6_addr[8], 0, 8);
	return network;
}

/* The processes of those who have not logged in, by their place, and since when. */
static pid_t place_pid[MAX_UNAUTH_CLIENTS];
static time_t place_since[MAX_UNAUTH_CLIENTS];

static inline void take_place(size_t place, pid_t pid) {
	place_pid[place] = pid;
	place_since[place] = monotonic_now();
}

/* With every place taken, ends the oldest connection of the network that has the most, so that
 * a newcomer of another one gets in; with every place of one network taken, the oldest of these:
 * many people may come from one address, the owner among them. Gives its place, or -1 when that
 * one has just come. */
static inline int free_place(int *pipes, char **networks, const char *network) {
	struct pollfd alive = {-1, POLLIN, 0};
	int i, j, most = 0, gone = -1;
	for (i = 0; i < MAX_UNAUTH_CLIENTS; i++) {
		int held = 0;
		if (pipes[i] < 0) continue;
		if (network != NULL && strcmp(networks[i], network) != 0) continue;
		for (j = 0; j < MAX_UNAUTH_CLIENTS; j++)
			held += pipes[j] >= 0 && strcmp(networks[i], networks[j]) == 0;
		if (held > most || (held == most && place_since[i] < place_since[gone])) {
			most = held;
			gone = i;
		}
	}
	if (gone < 0 || monotonic_now() - place_since[gone] < (network == NULL ? GRACE : GRACE_AT_HOME)) return -1;
	/* Its number is its own only while it lives, and then it holds its end of the pipe. */
	alive.fd = pipes[gone];
	if (poll(&alive, 1, 0) == 0) kill(place_pid[gone], SIGKILL);
	m_close(pipes[gone]);
	pipes[gone] = -1;
	m_free(networks[gone]);
	return gone;
}

/* How soon the kernel ends this process when memory is short: 1000 is first of all. The
 * listening process is never ended, and what it starts would have inherited that. */
static inline void set_oom_score(const char *score) {
	const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd < 0) return;
	if (write(fd, score, strlen(score)) < 0) { /* then it keeps the one it has */ }
	close(fd);
}

/* Since when this session, which has logged in, is without a command that runs; 0: it has one,
 * or has not logged in. */
static inline time_t without_command(time_t now) {
	static time_t since = 0;
	unsigned int i;
	if (!ses.authstate.authdone) return 0;
	for (i = 0; i < svr_ses.childpidsize; i++) {
		const struct ChildPid *child = &svr_ses.childpids[i];
		if (child->pid > 0 && child->chansess->exit.exitpid < 0) return since = 0;
	}
	if (since == 0) since = now;
	return since;
}

#endif
