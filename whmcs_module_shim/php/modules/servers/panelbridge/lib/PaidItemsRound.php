<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** Sends the bridge the paid invoice items it never acknowledged: a lost Renew is not lost. */
final class PaidItemsRound
{
    private const AT_ONCE = 100;
    private const MOST_ROUNDS = 10;

    /** @param list<int> $serverIds */
    public static function run(Server $server, array $serverIds): void
    {
        PaidItems::startHere();
        if (!Notebook::prepare()) {
            // Without a memory of what was acknowledged the same items would be sent for ever.
            return;
        }
        for ($round = 0; $round < self::MOST_ROUNDS; $round++) {
            $items = PaidItems::unacknowledged($serverIds, self::AT_ONCE);
            $renewed = PaidLine::renewed($items);
            if ($renewed === [] || !self::send($server, $renewed) || count($items) < self::AT_ONCE) {
                return;
            }
        }
    }

    /** What was paid before a call is booked before it is repeated. */
    public static function before(Server $server, CallNote $later): void
    {
        $wasBefore = static function (PaidItem $item) use ($later): bool {
            $note = CallNotes::ofItem($item);
            return $note !== null && $note->at <= $later->at;
        };
        $items = array_filter(PaidItems::openOf($later->serviceId), $wasBefore);
        if ($items !== []) {
            self::send($server, array_values($items));
        }
    }

    /** @param list<PaidItem> $items */
    private static function send(Server $server, array $items): bool
    {
        $client = new BridgeClient($server, BridgeClient::CRON_DEADLINE);
        $list = array_map(static fn (PaidItem $item): array => $item->forList(), $items);
        $answer = $client->call('PaidItems', ['items' => $list, 'call' => ['actor' => Actor::present()]]);
        $accepted = array_map('strval', array_filter((array) ($answer->data['accepted'] ?? []), 'is_scalar'));
        $refused = [];
        foreach ($answer->maps('refused') as $refusal) {
            $told = Params::ofPlain($refusal);
            $refused[$told->number('id')] = Text::line($told->text('message'));
        }
        foreach ($items as $item) {
            if (in_array((string) $item->id, $accepted, true)) {
                PaidItems::acknowledge($item);
            } elseif (PaidItems::refused($item->id) && isset($refused[$item->id])) {
                $values = ['item' => $item->id, 'invoice' => $item->invoiceId, 'why' => $refused[$item->id]];
                Alerts::show(Language::text('item_refused', $values));
            }
        }
        return $accepted !== [];
    }
}
