/* python_engine.h - what heliosc's own build makes of MicroPython, inside the heliosc program.
 * Empty where toolchain/src/micropython was not there. */
#ifndef HCC_PYTHON_ENGINE_H
#define HCC_PYTHON_ENGINE_H

extern const unsigned char hcc_python_engine[], hcc_python_engine_end[];

#endif
