/**
 * Two clocks. What people, other machines and tables read is by the wall clock (Date), which an administrator or NTP may set forwards or backwards. What this process
 * waits for and how old it finds its own things is by the steady one, which only goes on.
 */

/** Milliseconds since the epoch as the wall clock had it when the process started, and going on from there whatever becomes of that clock. */
export const steadyNow = (): number => performance.timeOrigin + performance.now()
