/* SPDX-License-Identifier: GPL-3.0-or-later
 * Dropbear in early boot: a login with a key, for one command. What is not
 * needed for that is not compiled in. Names that a version does not know are
 * ignored by it. */

/* Public keys only. */
#define DROPBEAR_SVR_PUBKEY_AUTH 1
#define DROPBEAR_SVR_PUBKEY_OPTIONS 1
#define DROPBEAR_SVR_PASSWORD_AUTH 0
#define DROPBEAR_SVR_PAM_AUTH 0

/* No forwarding. The client's switches count too: they keep shared code in. */
#define DROPBEAR_SVR_LOCALTCPFWD 0
#define DROPBEAR_SVR_REMOTETCPFWD 0
#define DROPBEAR_SVR_LOCALSTREAMFWD 0
#define DROPBEAR_SVR_AGENTFWD 0
#define DROPBEAR_X11FWD 0
#define DROPBEAR_CLI_LOCALTCPFWD 0
#define DROPBEAR_CLI_REMOTETCPFWD 0
#define DROPBEAR_CLI_AGENTFWD 0
#define DROPBEAR_CLI_PROXYCMD 0
#define DROPBEAR_CLI_NETCAT 0
#define DROPBEAR_USER_ALGO_LIST 0

#define DROPBEAR_SFTPSERVER 0
#define DO_MOTD 0
#define INETD_MODE 0
#define NON_INETD_MODE 1

/* Host keys are made when the image is built: a key made in early boot would be
 * unknown to every client, and drawn when the kernel knows least. */
#define DROPBEAR_DELAY_HOSTKEY 0
#define DROPBEAR_DEFAULT_RSA_SIZE 3072

/* Host and user keys. */
#define DROPBEAR_ED25519 1
#define DROPBEAR_ECDSA 1
#define DROPBEAR_RSA 1
#define DROPBEAR_RSA_SHA1 0
#define DROPBEAR_DSS 0
#define DROPBEAR_SK_KEYS 1

/* Key exchange. */
#define DROPBEAR_CURVE25519 1
#define DROPBEAR_SNTRUP761 1
#define DROPBEAR_MLKEM768 1
#define DROPBEAR_ECDH 1
#define DROPBEAR_DH_GROUP14_SHA1 0
#define DROPBEAR_DH_GROUP14_SHA256 0
#define DROPBEAR_DH_GROUP16 0
#define DROPBEAR_DH_GROUP1 0

/* Ciphers and integrity. */
#define DROPBEAR_CHACHA20POLY1305 1
#define DROPBEAR_AES128 1
#define DROPBEAR_AES256 1
#define DROPBEAR_3DES 0
#define DROPBEAR_ENABLE_CTR_MODE 1
#define DROPBEAR_ENABLE_CBC_MODE 0
#define DROPBEAR_ENABLE_GCM_MODE 0
#define DROPBEAR_SHA2_256_HMAC 1
#define DROPBEAR_SHA2_512_HMAC 1
#define DROPBEAR_SHA1_HMAC 0
#define DROPBEAR_SHA1_96_HMAC 0

/* Idle connections must not shut the owner out: dropped soon, and so many slots
 * that filling them takes many addresses. */
#define AUTH_TIMEOUT 20
#define MAX_UNAUTH_PER_IP 8
#define MAX_UNAUTH_CLIENTS 300

/* Counts failed signatures only: a key that the client merely offers, as OpenSSH
 * does with each key of its agent, is refused without being counted. */
#define MAX_AUTH_TRIES 6

/* No pid file: the parent knows its child, and at its end Dropbear removes
 * whatever path it was given. */
#define DROPBEAR_PIDFILE ""
