// What a node runs, by ExtensionStatuses.runtime.talos.dev: siderolabs/talos
// internal/app/machined/pkg/controllers/runtime/extension_status.go; siderolabs/image-factory internal/artifacts/schematic.go.
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { judgeBuild, judgeSchematic, judgeSet, judgeVersions } from './extensions.ts'

test(
  ...must('NODE-001', 'the node runs the extensions of its variant, each once, and no other', {
    targets: ['node'],
    fix: 'upgrade the node to the image of its variant (`talosctl upgrade --image`), by digest: a tag may have been moved',
  }),
  async ({ observed }) => {
    observed(judgeSet).toEqual([])
  },
)

test(
  ...must('NODE-002', 'extensions that are built for a release of Talos are built for the one that runs', {
    targets: ['node'],
    fix: 'build the image from one release (`npm run lock`, `npm run build`) and upgrade the node to it',
  }),
  async ({ observed }) => {
    observed(judgeBuild).toEqual([])
  },
)

test(
  ...must('NODE-003', 'extensions are of the versions that the lock, or else the verdict on the image, says', {
    targets: ['node'],
    fix: 'upgrade the node to the image that was judged, or judge the one that it runs',
  }),
  async ({ observed }) => {
    observed(judgeVersions).toEqual([])
  },
)

test(
  ...must('NODE-007', 'the schematic that Talos reports is that of the extension `schematic`', {
    targets: ['node'],
    fix: 'download the image from Image Factory once more: an extension was added to it by other means',
  }),
  async ({ observed }) => {
    observed(judgeSchematic).toEqual([])
  },
)
