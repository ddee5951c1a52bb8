<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/**
 * Whether WHMCS renewed a service for a line of a paid invoice. From 9.0 on a cancelled line stays on its invoice and
 * how its credit note is stored is not documented; but for a line that counts WHMCS calls Renew or moves the due date.
 */
final class PaidLine
{
    private const NOTE = 'paid_due';

    /** A renewal moves the due date by a month at least; staff move it by a day to make an invoice anew. */
    private const SHORTEST_RENEWAL_DAYS = 20;

    /** Seconds after which the payment's own request is certainly over. */
    private const SETTLED_AFTER = 600;

    /** Before WHMCS acts on the payment. A line paid earlier that had moved nothing by now never will. */
    public static function isBeingPaid(PaidItem $item): void
    {
        $due = DueDate::of($item->serviceId);
        foreach (PaidItems::openOf($item->serviceId) as $earlier) {
            if ($earlier->invoiceId !== $item->invoiceId && self::isUnmoved($earlier, $due)) {
                self::leaveOut($earlier);
            }
        }
        if (Notebook::rows(self::NOTE, $item->id) === []) {
            $note = ['due' => $due, 'at' => Wiring::now()];
            Notebook::begin(self::NOTE, $item->id, '', (string) json_encode($note));
        }
    }

    /**
     * @param list<PaidItem> $items
     * @return list<PaidItem> those to book
     */
    public static function renewed(array $items): array
    {
        $renewed = [];
        foreach ($items as $item) {
            if (!self::isUnmoved($item, DueDate::of($item->serviceId))) {
                $renewed[] = $item;
            } elseif (Wiring::now() - (int) (self::note($item)['at'] ?? 0) >= self::SETTLED_AFTER) {
                self::leaveOut($item);
            }
        }
        return $renewed;
    }

    public static function forget(int $itemId): void
    {
        Notebook::remove(self::NOTE, $itemId);
    }

    private static function isUnmoved(PaidItem $item, string $due): bool
    {
        $note = self::note($item);
        if ($item->first || $note === [] || CallNotes::ofItem($item) !== null) {
            return false;
        }
        $moved = ((int) strtotime($due) - (int) strtotime((string) ($note['due'] ?? ''))) / 86400;
        return $moved < self::SHORTEST_RENEWAL_DAYS;
    }

    private static function leaveOut(PaidItem $item): void
    {
        PaidItems::acknowledge($item);
        $values = ['item' => $item->id, 'invoice' => $item->invoiceId, 'id' => $item->serviceId];
        Alerts::show(Language::text('item_not_renewed', $values));
    }

    /** @return array<string, mixed> */
    private static function note(PaidItem $item): array
    {
        $row = Notebook::rows(self::NOTE, $item->id)[0] ?? null;
        $note = $row === null ? null : json_decode((string) $row->text, true);
        return is_array($note) ? $note : [];
    }
}
