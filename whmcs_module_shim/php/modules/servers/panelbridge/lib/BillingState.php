<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

use WHMCS\Database\Capsule;

/** What WHMCS says of a service just now: its own status, its order's, and when it is due. */
final class BillingState
{
    private const ENDED = ['Cancelled', 'Fraud', 'Terminated'];

    private function __construct(
        public readonly int $serviceId,
        public readonly string $status,
        public readonly string $orderStatus,
        public readonly string $dueDate,
        public readonly string $billingCycle,
        public readonly string $suspendReason,
        public readonly bool $hasCancellation
    ) {
    }

    public static function of(int $serviceId): self
    {
        $service = Capsule::table('tblhosting')->where('id', $serviceId)->first();
        $order = Capsule::table('tblorders')->where('id', (int) ($service->orderid ?? 0))->first();
        $text = Params::of((array) $service);
        return new self(
            $serviceId,
            $text->text('domainstatus'),
            (string) ($order->status ?? ''),
            substr($text->text('nextduedate'), 0, 10),
            $text->text('billingcycle'),
            $text->text('suspendreason'),
            Guarded::orElse('cancellation', static fn (): bool =>
                Capsule::table('tblcancelrequests')->where('relid', $serviceId)->exists(), false)
        );
    }

    /** The service, or the order it came with. A service that is Active is wanted, whatever its order says. */
    public function isEnded(): bool
    {
        return in_array($this->status, self::ENDED, true)
            || ($this->status !== 'Active' && in_array($this->orderStatus, self::ENDED, true));
    }

    public function endedAs(): string
    {
        return in_array($this->status, self::ENDED, true) ? $this->status : $this->orderStatus;
    }

    public function isOneOf(string ...$states): bool
    {
        return in_array($this->status, $states, true);
    }

    public function isOverdueSuspension(): bool
    {
        return SuspendReason::of($this->suspendReason) === SuspendReason::OVERDUE;
    }

    /** The product a change of product moved it from. WHMCS has moved the service before it calls the module. */
    public function movedFrom(): string
    {
        return Guarded::orElse('upgrade', function (): string {
            $latest = Capsule::table('tblupgrades')->where('relid', $this->serviceId)->orderByDesc('id')->first();
            if ($latest === null || (string) $latest->type !== 'package') {
                return '';
            }
            $name = Capsule::table('tblproducts')->where('id', (int) $latest->originalvalue)->value('name');
            return Params::of(['name' => (string) $name])->text('name');
        }, '');
    }
}
