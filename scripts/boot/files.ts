// What is started, as files in a private folder that goes with the guest.
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { ByteSource } from '#harness/bytes/source.ts'
import { FormatError, HarnessError } from '#harness/errors.ts'
import { hasArgument, SERIAL } from '#specs/boot/unheard.ts'
import type { OpenedPart } from '../judge/candidates/part.ts'
import type { Start } from './qemu.ts'

/** For boot files without a command line: what imager writes, as far as a start needs it. */
const COMMAND_LINE = 'talos.platform=metal console=ttyAMA0 printk.devkmsg=on'

/** Takes the UKI out. Errors of its reader. */
export async function writeUki({ talos }: OpenedPart, folder: string, firmware: string): Promise<Start> {
  const uki = join(folder, 'uki.efi')
  await write((await talos.uki()).source, uki)
  return { by: 'firmware', firmware, uki }
}

/** Takes kernel, initramfs and command line out; `say` hears where the command line is another. Errors of their readers. */
export async function writeBootFiles(
  { talos }: OpenedPart,
  folder: string,
  say: (text: string) => void,
): Promise<Start> {
  const [kernel, initramfs] = [join(folder, 'Image'), join(folder, 'initramfs')]
  await write(await imageOf(await talos.kernel()), kernel)
  await write(await initramfsOf(talos), initramfs)
  const own = (await talos.commandLine())?.trim() ?? COMMAND_LINE
  if (hasArgument(own, SERIAL)) return { by: 'kernel', kernel, initramfs, commandLine: own }
  say(`the command line has no ${SERIAL}: it is added`)
  return { by: 'kernel', kernel, initramfs, commandLine: `${own} ${SERIAL}` }
}

/** What EFI's part of a zboot image would unpack; QEMU starts no other. */
async function imageOf(kernel: Awaited<ReturnType<OpenedPart['talos']['kernel']>>): Promise<ByteSource> {
  try {
    return await kernel.payload()
  } catch (error) {
    if (error instanceof FormatError && error.code === 'BAD_MAGIC') return kernel.source
    throw error
  }
}

async function initramfsOf(talos: OpenedPart['talos']): Promise<ByteSource> {
  try {
    const uki = await talos.uki()
    const data = uki.first('.initrd')
    if (data !== undefined) return data
  } catch (error) {
    if (!(error instanceof HarnessError && error.code === 'UNSUPPORTED')) throw error
  }
  const { source } = await talos.initramfsLayout()
  return source
}

async function write(source: ByteSource, path: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of source.stream()) await file.writeFile(chunk)
  } finally {
    await file.close()
  }
}
