// A board's overlay in an installer: the program that installs what the board needs, and its artifacts
// (siderolabs/talos pkg/imager/out.go, outInstaller @ v1.11.5; cmd/installer/pkg/install runs it on the node).
import { readAll } from '#harness/bytes/source.ts'
import { FormatError } from '#harness/errors.ts'
import { isStatic, machineName, readElf } from '#harness/formats/elf/elf.ts'
import { isWrittenDifferently } from '#harness/formats/yaml/go-scalar.ts'
import type { FileTree } from '#harness/fs/file-tree.ts'
import { fileIn } from '#harness/fs/file-in.ts'
import {
  overlayContent,
  OVERLAY_FOLDER,
  OVERLAY_INSTALLER,
  OVERLAY_OPTIONS,
  overlayLayerEntries,
} from '#harness/talos/overlay.ts'
import type { Lock } from '../contract/lock.ts'
import { AbsentFactError } from '../support/absent-fact.ts'
import { machineOf } from '../contract/architecture.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { overlayOptionsText } from './overlay.ts'

const EXECUTABLE = 0o111
const MAX_OPTIONS = 1 << 20

test(
  ...must(
    'INS-014',
    "an overlay's layer has what imager takes of the pinned overlay, owned by root, and the options of the contract, and nothing else",
    {
      targets: ['installer'],
      needs: ['INS-006'],
      pinned: true,
      fix: 'build with the overlay by the digest in the lock (overlay.image, input.overlayInstaller) and with the options of the contract (overlay.options)',
    },
  ),
  async ({ image, contract, pinned, judge }) => {
    // A contract has one overlay at most, and INS-006 says that its layer is the last.
    const [overlay] = contract.overlays ?? []
    const tree = overlay && (await image.layers.at(-1)?.read())?.tree
    const expected = overlay && {
      content: contentOf(overlay.name, pinned('overlays')),
      options: overlayOptionsText(overlay.options),
      foreign: [],
    }
    if (Object.values(overlay?.options ?? {}).some((one) => typeof one === 'string' && isWrittenDifferently(one)))
      throw new FormatError('overlay', 'UNSUPPORTED', 'how imager writes a text of the options is not known')
    judge(tree && (await describeLayer(tree)), tree?.where ?? image.where).toEqual(expected)
  },
)

function contentOf(name: string, overlays: NonNullable<Lock['overlays']>): string {
  const content = overlays.find((one) => one.name === name)?.content
  if (content === undefined) throw new AbsentFactError(`content of the overlay ${name}`)
  return content
}

async function describeLayer(tree: FileTree) {
  const options = tree.get(`${OVERLAY_FOLDER}/${OVERLAY_OPTIONS}`)?.data
  const foreign = [...tree.entries()].filter(({ uid, gid }) => uid !== 0 || gid !== 0)
  return {
    content: await overlayContent(overlayLayerEntries(tree)),
    options: options && new TextDecoder().decode(await readAll(options, MAX_OPTIONS)),
    foreign: foreign.map(({ path, uid, gid }) => `${path}: owner ${uid}:${gid}`),
  }
}

test(
  ...must('INS-015', 'the program of an overlay is an executable for aarch64 that needs no libraries', {
    targets: ['installer'],
    needs: ['INS-006', 'INS-014'],
    fix: 'take the image of the overlay for linux/arm64: the installer runs its program on the node',
  }),
  async ({ files, contract, judge }) => {
    const path = `${OVERLAY_FOLDER}/${OVERLAY_INSTALLER}`
    const program = contract.overlays === undefined ? undefined : await fileIn(files, path)
    const elf = program && (await readElf(program))
    const isExecutable = ((files.resolve(path)?.mode ?? 0) & EXECUTABLE) === EXECUTABLE
    judge(
      elf && { machine: machineName(elf.machine), static: isStatic(elf), executable: isExecutable },
      program?.where ?? files.where,
    ).toEqual(elf && { machine: machineOf(contract), static: true, executable: true })
  },
)
