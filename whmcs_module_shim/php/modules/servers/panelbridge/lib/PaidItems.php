<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

use WHMCS\Database\Capsule;

/**
 * The paid invoice items of our services (`tblinvoiceitems`, `type=Hosting`, `relid` = service).
 *
 * Renew carries no invoice: its item is known from the hook that ran before in the same request, else it is the latest
 * paid one not yet acknowledged. The cron sends whatever was paid and never acknowledged.
 */
final class PaidItems
{
    private const NOTE = 'paid_item';

    /** An item paid that long before the shop's latest payment is no lost renewal any more. */
    private const LOOK_BACK_DAYS = 45;
    private const STARTED = 'PanelbridgeStarted';

    /** @var array<int, PaidItem> items of the invoice being paid in this request, by service */
    private static array $beingPaid = [];

    public static function invoicePaid(int $invoiceId): void
    {
        foreach (self::read(self::query()->where('i.invoiceid', $invoiceId)) as $item) {
            self::$beingPaid[$item->serviceId] = $item;
            Guarded::orElse('paid line', static fn () => PaidLine::isBeingPaid($item), null);
        }
    }

    /**
     * @param bool $orLatest whether an item already acknowledged will do: an automatic Renew that runs twice for one
     *     payment must find the same key, while an admin's click means one more period
     */
    public static function forRenew(int $serviceId, bool $orLatest): ?PaidItem
    {
        if (isset(self::$beingPaid[$serviceId])) {
            return self::$beingPaid[$serviceId];
        }
        $query = self::paid()->where('i.relid', $serviceId)->orderByDesc('v.datepaid')->orderByDesc('i.id')->limit(1);
        return self::read($orLatest ? $query : self::open($query, false))[0] ?? null;
    }

    /**
     * @param list<int> $serverIds the servers this question is about; 0 for services without one
     * @return list<PaidItem>
     */
    public static function unacknowledged(array $serverIds, int $limit): array
    {
        $query = self::open(self::paid()->whereIn('h.server', $serverIds), true);
        return self::read($query->orderBy('v.datepaid')->orderBy('i.id')->limit($limit));
    }

    public static function acknowledge(PaidItem $item): void
    {
        // Not noted is not lost: the cron sends the item again and the bridge knows its key.
        Guarded::orElse('acknowledge', static function () use ($item): void {
            Notebook::settle(self::NOTE, $item->id);
            CallNotes::forgetItem($item->serviceId, $item->id);
            PaidLine::forget($item->id);
        }, null);
    }

    /** @return bool whether this is the first time the item was refused */
    public static function refused(int $itemId): bool
    {
        return Notebook::postpone(self::NOTE, $itemId) === 1;
    }

    public static function forgetAll(): void
    {
        self::$beingPaid = [];
    }

    /** At first use: what was paid until now belongs to whatever provisioned here before. */
    public static function startHere(): void
    {
        if (Settings::get(self::STARTED) !== '' || !Notebook::prepare()) {
            return;
        }
        foreach (self::read(self::query()->where('v.status', 'Paid')) as $item) {
            if (!isset(self::$beingPaid[$item->serviceId])) {
                Notebook::settle(self::NOTE, $item->id);
            }
        }
        Settings::put(self::STARTED, date('Y-m-d H:i:s'));
    }

    /**
     * The payment that sets a service up pays for its create, whatever becomes of that call: a Renew of the same
     * request buys nothing, nor does the cron. Not every such payment is the order's first invoice.
     */
    public static function setsUp(int $serviceId): void
    {
        $item = self::$beingPaid[$serviceId] ?? null;
        if ($item !== null) {
            self::$beingPaid[$serviceId] = $item->asFirst();
            self::acknowledge($item);
        }
    }

    /** An account was made just now, in one go: whatever was paid for its service before is paid for by that. */
    public static function startService(int $serviceId): void
    {
        // A create that is repeated was paid for by what was paid when it was made; what came since is a renewal.
        $note = CallNotes::repeatedOf($serviceId, 'CreateAccount');
        foreach (self::openOf($serviceId) as $item) {
            if ($note === null || in_array($item->id, $note->items, true)) {
                self::acknowledge($item);
            }
        }
    }

    /** @return list<int> */
    public static function openIds(int $serviceId): array
    {
        return array_map(static fn (PaidItem $item): int => $item->id, self::openOf($serviceId));
    }

    /** @return list<PaidItem> paid and not acknowledged, in the order they were paid */
    public static function openOf(int $serviceId): array
    {
        $query = self::open(self::paid()->where('i.relid', $serviceId), false);
        return self::read($query->orderBy('v.datepaid')->orderBy('i.id'));
    }

    /** @return \Illuminate\Database\Query\Builder */
    private static function paid(): object
    {
        // Counted from the shop's own latest payment, so that the clocks of WHMCS's database and PHP need not agree.
        $latest = strtotime((string) Capsule::table('tblinvoices')->where('status', 'Paid')->max('datepaid'));
        $from = date('Y-m-d H:i:s', ($latest === false ? Wiring::now() : $latest) - self::LOOK_BACK_DAYS * 86400);
        return self::query()->where('v.status', 'Paid')->where('v.datepaid', '>=', $from);
    }

    /**
     * Only items nobody acknowledged.
     *
     * @param \Illuminate\Database\Query\Builder $query
     * @return \Illuminate\Database\Query\Builder
     */
    private static function open(object $query, bool $onlyDue): object
    {
        if (!Notebook::exists()) {
            return $query;
        }
        return $query->whereNotExists(static function ($note) use ($onlyDue): void {
            $note->select(Capsule::raw('1'))->from(Notebook::TABLE . ' as n')
                ->where('n.kind', self::NOTE)->whereColumn('n.number', 'i.id')
                ->where(static function ($state) use ($onlyDue): void {
                    $state->where('n.settled', 1);
                    if ($onlyDue) {
                        $state->orWhere('n.next_at', '>', Wiring::now());
                    }
                });
        });
    }

    /** @return \Illuminate\Database\Query\Builder */
    private static function query(): object
    {
        return Capsule::table('tblinvoiceitems as i')
            ->join('tblinvoices as v', 'v.id', '=', 'i.invoiceid')
            ->join('tblhosting as h', 'h.id', '=', 'i.relid')
            ->join('tblproducts as p', 'p.id', '=', 'h.packageid')
            ->leftJoin('tblorders as o', 'o.id', '=', 'h.orderid')
            ->where('i.type', 'Hosting')
            ->where('p.servertype', Version::MODULE)
            ->select([
                'i.id', 'i.invoiceid', 'i.relid', 'o.invoiceid as first_invoice', 'h.billingcycle', 'h.server',
                'p.configoption1 as plan', 'p.configoption2 as plan_connections',
            ]);
    }

    /**
     * @param \Illuminate\Database\Query\Builder $query
     * @return list<PaidItem>
     */
    private static function read(object $query): array
    {
        $items = [];
        foreach ($query->get() as $row) {
            $text = Params::of((array) $row);
            $item = new PaidItem(
                $text->number('id'),
                $text->number('invoiceid'),
                $text->number('relid'),
                $text->number('first_invoice') === $text->number('invoiceid'),
                $text->text('billingcycle'),
                $text->text('plan'),
                ConfigurableOption::count(
                    ConfigurableOption::ofService($text->number('relid'), 'Connections')
                        ?: $text->text('plan_connections')
                ),
                $text->number('server')
            );
            $items[] = $item->asNoted(CallNotes::ofItem($item));
        }
        return $items;
    }
}
