// Reads the image that will be judged while it is still pulled: the longest decompressions are over when the rules begin.
import { BroadcastChannel } from 'node:worker_threads'
import { isDigest, knownDigest, type Digest } from '#harness/bytes/digest.ts'
import type { ByteSource, Identity } from '#harness/bytes/source.ts'
import type { Spool } from '#harness/bytes/spool.ts'
import { FormatError } from '#harness/errors.ts'
import { readPe, type PeSection } from '#harness/formats/uki/pe.ts'
import { lazy } from '#harness/lazy.ts'
import { Arrival } from '#harness/oci/cache/arrival.ts'
import { unpackAhead } from '#harness/talos/boot/ahead.ts'
import { openBootFiles } from '#harness/talos/boot/files.ts'
import { openEarlySpool } from '../facts.ts'
import { beginLongest } from './longest.ts'
import { ARRIVALS, type ArrivalMessage } from './messages.ts'

type Begin = Extract<ArrivalMessage, { kind: 'begin' }>

/** Listens for one image that arrives, for as long as this thread lives. */
export function readAhead(): void {
  const channel = new BroadcastChannel(ARRIVALS)
  const whole = Promise.withResolvers<Digest | undefined>()
  let arrival: Promise<Arrival> | undefined
  const tell = (action: (arrived: Arrival) => void): void => void arrival?.then(action, () => undefined)
  channel.addEventListener('message', (event) => {
    const { data } = event as MessageEvent
    const message = data as ArrivalMessage
    if (message.kind === 'begin' && arrival === undefined) {
      arrival = Arrival.open(message.file)
      tell((arrived) => void readArriving(arrived, message, whole.promise))
    } else if (message.kind === 'written') tell((arrived) => arrived.advance(message.bytes))
    else if (message.kind === 'end') {
      tell((arrived) => arrived.fail())
      whole.resolve(message.digest)
    }
  })
  channel.unref()
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
  channel.postMessage({ kind: 'ready' } satisfies ArrivalMessage)
}

/** What fails here fails again for the rules that ask. */
async function readArriving(
  arrived: Arrival,
  { path, offset, size, ...place }: Begin,
  whole: Promise<Digest | undefined>,
): Promise<void> {
  const spool = openEarlySpool(place)
  const { facts } = spool
  let file: Identity | undefined
  const isWhole = whole.then((root) => (file = root && facts && { facts, root, offset: 0 }))
  const source = arrived.source(offset, size, { path }, () => file)
  // A part that was hashed before the digest of the file was known is not hashed once more.
  const share = (at: number, length: number, digest: Digest): void =>
    void isWhole.then(() => knownDigest(source.slice(at, length), digest))
  try {
    await readBoot(source, spool, isWhole, share)
  } finally {
    await spool.close()
    await arrived.close()
  }
}

/** Reads kernel and initramfs of a UKI of which the end may not be there; `onPart` gets what was hashed, with its place. */
async function readBoot(
  source: ByteSource,
  spool: Spool,
  isWhole: Promise<unknown>,
  onPart: (offset: number, size: number, digest: Digest) => void,
): Promise<void> {
  const pe = lazy(() => readPe(source))
  const section = async (wanted: string): Promise<PeSection> => {
    const found = (await pe()).sections.find(({ name }) => name === wanted)
    if (found === undefined) throw new FormatError('uki', 'MALFORMED', `expected a section ${wanted}, got none`)
    return found
  }
  const linux = lazy(() => section('.linux'))
  const initrd = lazy(() => section('.initrd'))
  const sources = { kernel: async () => (await linux()).data(), initramfs: async () => (await initrd()).data() }
  const boot = openBootFiles(sources, spool)
  const kernel = boot.kernel().then(async ({ source: { digest, size } }) => {
    if (digest !== undefined && isDigest(digest)) onPart((await linux()).offset, size, digest)
  })
  const unpacking = initrd().then(async (found) => {
    if (spool.facts === undefined) return
    await unpackAhead(found.data(), spool.facts, ({ offset, size, digest }) =>
      onPart(found.offset + offset, size, digest),
    )
  })
  // Each of them is a search through all of its payload.
  const inKernel = boot.kernel().then((one) => Promise.all([one.banner(), one.config(), one.certificates()]))
  const [unpacked] = await Promise.allSettled([unpacking, kernel, inKernel])
  await isWhole
  // What cannot be unpacked is not tried twice ahead of the rules.
  if (unpacked.status === 'fulfilled') await beginLongest(boot)
}
