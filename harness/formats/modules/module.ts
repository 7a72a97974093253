// Linux kernel modules: `.modinfo` and the appended signature.
// include/linux/module_signature.h, kernel/module_signature.c (Linux 6.12)
import { factOf } from '../../bytes/identity.ts'
import { readAll, type ByteSource } from '../../bytes/source.ts'
import { Cursor } from '../../bytes/cursor.ts'
import { FormatError, type Location } from '../../errors.ts'
import { decodeName } from '../../fs/file-tree.ts'
import { readElf } from '../elf/elf.ts'

const FORMAT = 'module'
/** The largest modules, GPU drivers, have some 100 MiB without debug information. */
const MAX_MODULE = 256 << 20
/** amdgpu, with hundreds of aliases and parameters, has some 60 KiB. */
const MAX_MODINFO = 1 << 20
/** A signature without certificates has some 700 bytes. */
const MAX_SIGNATURE = 1 << 20
/** Trailers found one behind another; a module has one, or two when it was signed twice. */
const MAX_TRAILERS = 8

const MAGIC = Buffer.from('~Module signature appended~\n') // MODULE_SIG_STRING
const STRUCT_SIZE = 12 // sizeof(struct module_signature)
const PKEY_ID_PKCS7 = 2

export type ModuleSignature = {
  readonly type: 'PKCS#7'
  readonly bytes: Uint8Array
  /** Offset of `bytes` in the module. */
  readonly offset: number
}

export type KernelModule = {
  readonly where: Location
  /** `key=value` of .modinfo, in order. */
  readonly info: readonly (readonly [key: string, value: string])[]
  /** The first value of a key: `vermagic`, `name`, `license`, … */
  field(key: string): string | undefined
  /** All values of a key: `alias`, `firmware`, `parm`, … */
  fields(key: string): readonly string[]
  /** The first word of vermagic: `6.12.57-talos`. */
  readonly kernelRelease?: string
  readonly depends: readonly string[]
  /** The bytes that the last signature covers: all before it, or the whole file. */
  readonly payload: ByteSource
  readonly signature?: ModuleSignature
  /** Signature trailers at the end, one behind another: 1 for a signed module, more for one that was signed again. */
  readonly trailers: number
}

/**
 * FormatError: `elf` where it is no ELF file; `module` MALFORMED for a file that is not relocatable or has no .modinfo,
 * and for a trailer of another kind than PKCS#7; TRUNCATED for a signature longer than the file; LIMIT_EXCEEDED.
 */
export async function readModule(source: ByteSource): Promise<KernelModule> {
  if (source.size > MAX_MODULE)
    throw fail('LIMIT_EXCEEDED', `expected at most ${MAX_MODULE} bytes, got ${source.size}`, source.where)
  const { trailer, info, signature, trailers } = await factOf(source, 'module', () => readParts(source), sizeOf)
  const fields = (key: string) => info.flatMap(([name, value]) => (name === key ? [value] : []))
  const kernelRelease = fields('vermagic')[0]?.split(' ', 1)[0]
  return {
    where: source.where,
    info,
    field: (key) => fields(key)[0],
    fields,
    ...(kernelRelease === undefined ? {} : { kernelRelease }),
    depends: (fields('depends')[0] ?? '').split(',').filter((name) => name !== ''),
    payload: source.slice(0, trailer === undefined ? source.size : trailer.offset),
    ...(signature === undefined ? {} : { signature }),
    trailers,
  }
}

type Parts = Pick<KernelModule, 'info' | 'trailers'> & {
  readonly trailer: Trailer | undefined
  readonly signature: ModuleSignature | undefined
}

async function readParts(source: ByteSource): Promise<Parts> {
  const trailer = await readTrailer(source, source.size)
  return {
    trailer,
    info: await readInfo(source),
    signature: trailer && (await readSignature(source, trailer)),
    trailers: trailer === undefined ? 0 : await countTrailers(source, trailer),
  }
}

function sizeOf({ info, signature }: Parts): number {
  return info.reduce((sum, [key, value]) => sum + 2 * (key.length + value.length) + 64, signature?.bytes.length ?? 0)
}

async function readInfo(source: ByteSource): Promise<readonly (readonly [string, string])[]> {
  const elf = await readElf(source)
  if (elf.type !== 'relocatable') throw fail('MALFORMED', `expected a relocatable file, got ${elf.type}`, source.where)
  const section = (await elf.sections()).find(({ name }) => name === '.modinfo')
  if (section === undefined) throw fail('MALFORMED', 'expected a section .modinfo, got none', source.where)
  const bytes = await readAll(section.data(), MAX_MODINFO)
  return splitAtNul(bytes).map((entry) => {
    const equals = entry.indexOf('=')
    return equals < 0 ? ([entry, ''] as const) : ([entry.slice(0, equals), entry.slice(equals + 1)] as const)
  })
}

/** The strings of .modinfo; runs of NUL are padding. */
function splitAtNul(bytes: Uint8Array): string[] {
  const strings: string[] = []
  for (let start = 0, end = 0; start < bytes.length; start = end + 1) {
    end = bytes.indexOf(0, start)
    if (end < 0) end = bytes.length
    if (end > start) strings.push(decodeName(bytes.subarray(start, end)))
  }
  return strings
}

/** The position of the signature: `[payload][signature][struct module_signature][magic]`. */
type Trailer = { readonly offset: number; readonly length: number }

/** The trailer that ends at `end`; undefined where there is no magic. */
async function readTrailer(source: ByteSource, end: number): Promise<Trailer | undefined> {
  if (!(await hasMagic(source, end))) return undefined
  const structAt = end - MAGIC.length - STRUCT_SIZE
  if (structAt < 0) throw fail('TRUNCATED', 'expected a struct module_signature before the magic', source.where, 0)
  const cursor = new Cursor(await source.read(structAt, STRUCT_SIZE), FORMAT, source.where, structAt)
  const algorithms = [cursor.u8('algo'), cursor.u8('hash')] // 0x0 and 0x1, 0 for PKCS#7
  const type = cursor.u8('id_type') // 0x2
  const others = [cursor.u8('signer_len'), cursor.u8('key_id_len'), ...cursor.bytes(3, 'pad')] // 0x3 … 0x7, 0 for PKCS#7
  const length = cursor.u32be('sig_len') // 0x8
  if (type !== PKEY_ID_PKCS7) throw cursor.error('MALFORMED', `expected id_type 2 (PKCS#7), got ${type}`, 2)
  // The kernel refuses these as -EBADMSG.
  if ([...algorithms, ...others].some((byte) => byte !== 0))
    throw cursor.error('MALFORMED', 'expected zeros beside id_type, got others', 0)
  if (length > MAX_SIGNATURE)
    throw cursor.error('LIMIT_EXCEEDED', `expected sig_len of at most ${MAX_SIGNATURE}, got ${length}`, 8)
  if (length > structAt)
    throw cursor.error('TRUNCATED', `expected a signature of ${length} bytes, got ${structAt} before it`, 8)
  return { offset: structAt - length, length }
}

async function hasMagic(source: ByteSource, end: number): Promise<boolean> {
  return end >= MAGIC.length && MAGIC.equals(await source.read(end - MAGIC.length, MAGIC.length))
}

async function readSignature(source: ByteSource, { offset, length }: Trailer): Promise<ModuleSignature> {
  return { type: 'PKCS#7', bytes: await source.read(offset, length), offset }
}

/** A trailer counts by its magic; only a valid one says whether another precedes it. */
async function countTrailers(source: ByteSource, last: Trailer): Promise<number> {
  let count = 1
  for (let end = last.offset; count < MAX_TRAILERS && (await hasMagic(source, end)); count++) {
    const before = await readTrailer(source, end).catch(ignoreFormatError)
    if (before === undefined) return count + 1
    end = before.offset
  }
  return count
}

function ignoreFormatError(error: unknown): undefined {
  if (!(error instanceof FormatError)) throw error
}

function fail(
  code: 'TRUNCATED' | 'MALFORMED' | 'LIMIT_EXCEEDED',
  message: string,
  where: Location,
  offset?: number,
): FormatError {
  return new FormatError(FORMAT, code, message, { at: offset === undefined ? where : { ...where, offset } })
}
