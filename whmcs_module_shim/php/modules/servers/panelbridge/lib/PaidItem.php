<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** One paid line of an invoice that pays a period of a service of ours: the key of its renewal. */
final class PaidItem
{
    public function __construct(
        public readonly int $id,
        public readonly int $invoiceId,
        public readonly int $serviceId,
        public readonly bool $first,
        public readonly string $billingCycle,
        public readonly string $plan,
        public readonly string $connections,
        public readonly int $serverId
    ) {
    }

    /** The same item, which pays for the create. */
    public function asFirst(): self
    {
        return $this->with(true, $this->billingCycle);
    }

    /** The same item, for the cycle the service had when it was paid: a later upgrade may have moved it. */
    public function asNoted(?CallNote $note): self
    {
        return $note === null || $note->billingCycle === '' ? $this : $this->with($this->first, $note->billingCycle);
    }

    private function with(bool $first, string $billingCycle): self
    {
        return new self(
            $this->id,
            $this->invoiceId,
            $this->serviceId,
            $first,
            $billingCycle,
            $this->plan,
            $this->connections,
            $this->serverId
        );
    }

    /** @return array{id: int, invoice_id: int, first: bool} */
    public function forCall(): array
    {
        return ['id' => $this->id, 'invoice_id' => $this->invoiceId, 'first' => $this->first];
    }

    /** @return array<string, bool|int|string> */
    public function forList(): array
    {
        return $this->forCall() + array_filter([
            'serviceid' => $this->serviceId,
            'billingcycle' => $this->billingCycle,
            'plan' => $this->plan,
            'connections' => $this->connections,
        ]);
    }
}
