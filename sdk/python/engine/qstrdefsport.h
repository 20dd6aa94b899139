/* qstrdefsport.h - words that MicroPython's own scan of the sources does not find: none. */
