import type { AttachmentView } from "./AttachmentView";
import type { ExportedView } from "./ExportedView";
import type { Item } from "./Item";
import type { RunView } from "./RunView";
export type EvidenceView = { run: RunView | null; items: Array<Item>; attachments: Array<AttachmentView>; exports: Array<ExportedView> };
