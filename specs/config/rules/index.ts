// What judges each rule about a machine configuration, for whoever judges without the spec files that state them.
import type { ConfigJudge } from '../rule.ts'
import { judgeIgnored } from './ignored.ts'
import { judgeInstallImage } from './install-image.ts'
import { judgeDrbd, judgeWaits } from './modules.ts'
import { judgeNetworks, judgeNodeAddress } from './networks.ts'
import { judgeSecrets } from './secrets.ts'
import { judgeServices } from './services.ts'
import { judgeRoutes, judgeTunnel } from './tailscale.ts'

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
}
