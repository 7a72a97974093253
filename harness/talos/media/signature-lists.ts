// The keys that systemd-boot enrolls: `PK.auth`, `KEK.auth`, `db.auth`, `dbx.auth`, each the new value of an authenticated EFI
// variable: https://uefi.org/specs/UEFI/2.10/08_Services_Runtime_Services.html#using-the-efi-variable-authentication-2-descriptor,
// and https://uefi.org/specs/UEFI/2.10/32_Secure_Boot_and_Driver_Signing.html#signature-database
import { Cursor } from '../../bytes/cursor.ts'
import { readAll, type ByteSource } from '../../bytes/source.ts'

const FORMAT = 'efi-variable'
/** Imager's have some 5 KiB; a dbx of the UEFI Forum 25 KiB. */
const MAX_BYTES = 1 << 20
const TIME_SIZE = 16
/** WIN_CERTIFICATE_UEFI_GUID: length, revision, type and a GUID, before the signature. */
const HEADER_SIZE = 24
const REVISION = 0x0200
const EFI_GUID = 0x0ef1
const LIST_HEADER_SIZE = 28
const OWNER_SIZE = 16
/** GUIDs as they are stored. */
const PKCS7 = '9dd2af4adf68ee498aa9347d375665a7'
const X509 = 'a159c0a5e494a74a87b5ab155c2bf072'

type SignatureEntry = {
  /** 32 hex digits as they are stored. */
  readonly owner: string
  /** A certificate in DER; undefined for another kind of signature, such as the hash of a program. */
  readonly certificate?: Uint8Array
}

/** FormatError TRUNCATED, MALFORMED for sizes that contradict each other and for another signature than PKCS#7, LIMIT_EXCEEDED. */
export async function readSignatureLists(source: ByteSource): Promise<readonly SignatureEntry[]> {
  const bytes = await readAll(source, MAX_BYTES)
  const cursor = new Cursor(bytes, FORMAT, source.where)
  const length = cursor.seek(TIME_SIZE).u32le('length')
  const [revision, type] = [cursor.u16le('revision'), cursor.u16le('type')]
  const guid = Buffer.from(cursor.bytes(16, 'kind')).toString('hex')
  if (revision !== REVISION || type !== EFI_GUID || guid !== PKCS7 || length < HEADER_SIZE)
    throw cursor.error('MALFORMED', 'expected a signature of PKCS#7 before the lists, got other bytes', TIME_SIZE)
  if (TIME_SIZE + length > bytes.length)
    throw cursor.error('TRUNCATED', `expected a signature of ${length} bytes, got the end of the file`, TIME_SIZE)
  const entries: SignatureEntry[] = []
  for (let at = TIME_SIZE + length; at < bytes.length;) {
    cursor.seek(at)
    const kind = Buffer.from(cursor.bytes(16, 'kind')).toString('hex')
    const [listSize, headerSize, size] = [cursor.u32le('list'), cursor.u32le('header'), cursor.u32le('signature')]
    const content = listSize - LIST_HEADER_SIZE - headerSize
    if (size <= OWNER_SIZE || content <= 0 || content % size !== 0 || at + listSize > bytes.length)
      throw cursor.error('MALFORMED', `expected a list of whole signatures inside the file, got ${listSize} bytes`, at)
    for (let from = at + LIST_HEADER_SIZE + headerSize; from < at + listSize; from += size) {
      const owner = Buffer.from(bytes.subarray(from, from + OWNER_SIZE)).toString('hex')
      entries.push({ owner, ...(kind === X509 && { certificate: bytes.subarray(from + OWNER_SIZE, from + size) }) })
    }
    at += listSize
  }
  return entries
}
