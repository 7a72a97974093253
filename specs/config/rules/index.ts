// What judges each rule about a machine configuration, for whoever judges without the spec files that state them.
import type { ConfigJudge } from '../../support/config-rule.ts'
import { judgeEtcdAddress, judgeNodeAddress, judgeNodeAddressLeft } from './addresses.ts'
import { judgeIgnored } from './ignored.ts'
import { judgeInstallImage } from './install-image.ts'
import { judgeDrbd, judgeWaits } from './modules.ts'
import { judgeNetworks, judgeOverlaps } from './networks.ts'
import { judgeSecrets } from './secrets.ts'
import { judgeServices } from './services.ts'
import { judgeArguments, judgeEffects, judgeRouting } from './tailscale-arguments.ts'
import { judgeRoutes, judgeTunnel } from './tailscale.ts'
import { judgeDocuments, judgeKeys, judgePatches, judgeTypes } from '../validity/structure.ts'

export const CONFIG_JUDGES: Readonly<Record<string, ConfigJudge>> = {
  'CFG-001': judgeServices,
  'CFG-002': judgeWaits,
  'CFG-003': judgeDrbd,
  'CFG-004': judgeInstallImage,
  'CFG-005': judgeRoutes,
  'CFG-006': judgeSecrets,
  'CFG-007': judgeNetworks,
  'CFG-008': judgeNodeAddress,
  'CFG-009': judgeTunnel,
  'CFG-010': judgeIgnored,
  'CFG-011': judgeDocuments,
  'CFG-012': judgeKeys,
  'CFG-013': judgeTypes,
  'CFG-014': judgePatches,
  'CFG-030': judgeNodeAddressLeft,
  'CFG-031': judgeEtcdAddress,
  'CFG-032': judgeOverlaps,
  'CFG-033': judgeArguments,
  'CFG-034': judgeRouting,
  'CFG-035': judgeEffects,
}
