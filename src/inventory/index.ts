/** Inventories as people write them: read from, and written as, YAML, CSV, NDJSON and JSON. See docs/inventory.md. */
export {
  formatOfFile,
  inventoryFormats,
  readInventory,
  type InventoryFormat,
  type ReadOptions,
} from './read/index.ts'
export { exportInventory, type ExportRequest } from './write/index.ts'
