// The account of a UKI, section by section.
import { readUki } from '#harness/formats/uki/uki.ts'
import { fileIn } from '#harness/fs/file-in.ts'
import type { TalosPart } from '#harness/talos/part.ts'
import { accountOfInitramfs } from './initramfs.ts'
import { declared, derived, free, leaf, leafWith, pinned, type Branch, type Reason, type Span } from './span.ts'

/** TimeDateStamp behind the PE signature and two fields of the file header. */
const STAMP = { offset: 8, size: 4 }
const E_LFANEW = 0x3c
const LAYOUT = derived('imager’s layout of the stub and the sections', 'UKI-011')

const SECTIONS: Readonly<Record<string, Reason>> = {
  '.linux': pinned('lock.kernel', 'KRN-005'),
  '.osrel': derived('/etc/os-release of the root filesystem', 'UKI-014'),
  '.cmdline': declared('the release’s command line and the contract’s arguments', 'UKI-005'),
  '.uname': pinned('lock.kernelRelease', 'UKI-004'),
  '.splash': declared('the release’s picture, or the contract’s', 'UKI-012'),
  '.profile': derived('imager’s profiles', 'UKI-006'),
  '.pcrpkey': declared('SecureBoot of the contract', 'UKI-007'),
  '.pcrsig': declared('SecureBoot of the contract', 'UKI-007'),
}
/** The basis of the second profile's command line: the first one and an argument. */
const PROFILE_COMMAND_LINE = derived('the first command line and the profile’s argument', 'UKI-006')

export async function accountOfUki(part: TalosPart, path: string, offset: number): Promise<Branch> {
  const source = await fileIn(await part.files(), path)
  const { pe, stubSections, appended } = await readUki(source)
  const start = Buffer.from(await source.read(E_LFANEW, 4)).readUInt32LE()
  const stamp = leaf('TimeDateStamp', start + STAMP.offset, STAMP.size, free('no node acts on a time'))
  const parts: Span[] = [...leafWith('headers', 0, pe.sizeOfHeaders, LAYOUT, [stamp])]
  for (const { name, offset: at, rawSize } of stubSections)
    if (rawSize > 0) parts.push(leaf(`stub ${name}`, at, rawSize, pinned('lock.systemdStub', 'UKI-010')))
  let inProfile = false
  for (const { name, offset: at, rawSize, virtualSize } of appended) {
    const size = Math.min(rawSize, virtualSize)
    if (size > 0)
      parts.push(
        name === '.initrd' ? await accountOfInitramfs(part, at) : leaf(name, at, size, reasonOf(name, inProfile)),
      )
    if (rawSize > size) parts.push(leaf(`${name} padding`, at + size, rawSize - size, LAYOUT))
    inProfile ||= name === '.profile'
  }
  const end = parts.reduce((most, span) => Math.max(most, span.offset + span.size), 0)
  if (source.size > end)
    parts.push(leaf('end of the file', end, source.size - end, declared('SecureBoot of the contract', 'UKI-007')))
  return { name: path, offset, size: source.size, parts }
}

function reasonOf(name: string, inProfile: boolean): Reason {
  if (inProfile && name === '.cmdline') return PROFILE_COMMAND_LINE
  return SECTIONS[name] ?? derived('the list of sections', 'UKI-002')
}
