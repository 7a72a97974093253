// Booting, as a serial console shows it: siderolabs/talos internal/app/init/main.go (what init does in the initramfs, and
// what it says), internal/pkg/mount/switchroot/switchroot.go (how it hands over).
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { judgeLayers } from './layers.ts'
import { judgeStart } from './start.ts'

test(
  ...must(
    'BOOT-001',
    'the image starts: its init mounts every layer, enters the root filesystem and executes `/sbin/init`, and nothing fails after that',
    {
      targets: ['boot'],
      fix: 'read the console at the line that is named; where the time was over, give more of it (--timeout) to a slow machine',
    },
  ),
  async ({ booted }) => {
    booted(judgeStart).toEqual([])
  },
)

test(
  ...must(
    'BOOT-002',
    'init enables the layers that `extensions.yaml` of the image lists, each once, the last first, before it enters the root filesystem',
    {
      targets: ['boot'],
      needs: ['BOOT-001'],
      fix: 'boot the image that is judged: the console is that of another one, or a later archive of the initramfs replaces its extensions.yaml',
    },
  ),
  async ({ booted }) => {
    booted(judgeLayers).toEqual([])
  },
)
