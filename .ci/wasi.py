#!/usr/bin/env python3
"""Runs a program of wasm32-wasip1: wasi.py PROGRAM FILE. It sees the folder of FILE and nothing else.

Exit code: the program's.
"""
import os
import sys

from wasmtime import Engine, ExitTrap, Linker, Module, Store, WasiConfig


def main():
    program, file = sys.argv[1:]
    folder, name = os.path.split(os.path.abspath(file))
    wasi = WasiConfig()
    wasi.argv = [program, "/data/" + name]
    wasi.preopen_dir(folder, "/data")
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    engine = Engine()
    store = Store(engine)
    store.set_wasi(wasi)
    linker = Linker(engine)
    linker.define_wasi()
    instance = linker.instantiate(store, Module.from_file(engine, program))
    try:
        instance.exports(store)["_start"](store)
    except ExitTrap as end:
        return end.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
