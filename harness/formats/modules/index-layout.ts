// Numbers of the binary module indexes: libkmod/libkmod-index.h of kmod 30 to 34.

export const MAGIC = 0xb007f457 // INDEX_MAGIC, "BOOTFAST"
export const VERSION_MAJOR = 2 // INDEX_VERSION_MAJOR
export const VERSION_MINOR = 1 // INDEX_VERSION_MINOR
export const HEADER_SIZE = 12
export const NODE_PREFIX = 0x8000_0000 // INDEX_NODE_PREFIX
export const NODE_VALUES = 0x4000_0000 // INDEX_NODE_VALUES
export const NODE_CHILDS = 0x2000_0000 // INDEX_NODE_CHILDS
