/* mphalport.h - what MicroPython asks of a machine: nothing is there but print, which is the log.
 */
#ifndef HELIOS_MPHALPORT_H
#define HELIOS_MPHALPORT_H

static inline void mp_hal_set_interrupt_char(int c) {
  (void)c;
}

#endif
