<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** A call that has no answer yet, with what WHMCS knew when it made it. */
final class CallNote
{
    public function __construct(
        public readonly int $serviceId,
        public readonly string $slot,
        public readonly string $function,
        public readonly string $status,
        public readonly string $dueDate,
        public readonly string $billingCycle,
        public readonly string $reason,
        public readonly bool $byPerson,
        public readonly bool $cancels,
        public readonly bool $mayHaveLeft,
        public readonly string $movedFrom,
        /** @var list<int> paid items the call answers for */
        public readonly array $items,
        public readonly int $at
    ) {
    }

    public function isOverdue(): bool
    {
        return SuspendReason::of($this->reason) === SuspendReason::OVERDUE;
    }

    public function thatLeft(bool $mayHave): self
    {
        return self::fromMap(['left' => $mayHave] + $this->toMap());
    }

    /** @return array<string, mixed> */
    public function toMap(): array
    {
        return [
            'service' => $this->serviceId, 'slot' => $this->slot, 'function' => $this->function,
            'status' => $this->status, 'due' => $this->dueDate, 'cycle' => $this->billingCycle,
            'reason' => $this->reason, 'person' => $this->byPerson, 'cancels' => $this->cancels,
            'left' => $this->mayHaveLeft, 'from' => $this->movedFrom, 'items' => $this->items, 'at' => $this->at,
        ];
    }

    /** @param array<string, mixed> $map */
    public static function fromMap(array $map): self
    {
        $text = static fn (string $name): string => is_scalar($map[$name] ?? null) ? (string) $map[$name] : '';
        return new self(
            (int) $text('service'),
            $text('slot'),
            $text('function'),
            $text('status'),
            $text('due'),
            $text('cycle'),
            $text('reason'),
            (bool) ($map['person'] ?? false),
            (bool) ($map['cancels'] ?? false),
            (bool) ($map['left'] ?? true),
            $text('from'),
            array_values(array_map('intval', array_filter((array) ($map['items'] ?? []), 'is_numeric'))),
            (int) $text('at')
        );
    }
}
