#include "interrupt.h"

#include <signal.h>
#include <time.h>

/* SIGUSR1 ends the waiting thread; SIGUSR2 only makes a system call return. */
enum { SIGNAL_END = SIGUSR1, SIGNAL_WAKE = SIGUSR2 };

static sigset_t signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGNAL_END);
    return set;
}

static void do_nothing(int number)
{
    (void)number;
}

void ctl_interrupt_block(void)
{
    const sigset_t set = signals();
    const struct sigaction wake = {.sa_handler = do_nothing}; /* no SA_RESTART: write(2) must return */
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    sigaction(SIGNAL_WAKE, &wake, NULL);
}

static void *wait_for_signal(void *user)
{
    static const struct timespec pause = {0, 100000000};
    struct ctl_interrupt *i = user;
    const sigset_t set = signals();
    int number = sigwaitinfo(&set, NULL);
    while (number < 0)
        number = sigwaitinfo(&set, NULL);
    if (number == SIGNAL_END)
        return NULL;
    atomic_store(&i->seen, true);
    kvindex_client_cancel(i->client);
    /* Again and again: a signal just before the thread enters write(2) is lost. */
    do
        pthread_kill(i->started_by, SIGNAL_WAKE);
    while (sigtimedwait(&set, NULL, &pause) != SIGNAL_END);
    return NULL;
}

int ctl_interrupt_begin(struct ctl_interrupt *i, struct kvindex_client *client)
{
    atomic_init(&i->seen, false);
    i->client = client;
    i->started_by = pthread_self();
    return pthread_create(&i->waiting, NULL, wait_for_signal, i) == 0 ? 0 : -1;
}

void ctl_interrupt_end(struct ctl_interrupt *i)
{
    pthread_kill(i->waiting, SIGNAL_END);
    pthread_join(i->waiting, NULL);
}
