<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

use WHMCS\Database\Capsule;

/** What WHMCS knows of a service but does not put into $params: read from its model, else from `tblhosting`. */
final class ServiceRecord
{
    private const COLUMNS = ['billingcycle', 'nextduedate', 'regdate', 'qty', 'suspendreason', 'domainstatus'];

    /** @param array<string, string> $columns */
    private function __construct(private readonly array $columns)
    {
    }

    public static function of(Params $params): self
    {
        $columns = [];
        foreach (self::COLUMNS as $name) {
            $columns[$name] = $params->model === null ? '' : self::plain($params->model->{$name} ?? null);
        }
        return $columns['billingcycle'] === '' ? self::fromTable($params->serviceId(), $columns) : new self($columns);
    }

    public function billingCycle(): string
    {
        return $this->columns['billingcycle'];
    }

    /** `YYYY-MM-DD`, or '' where WHMCS keeps its zero date. */
    public function date(string $name): string
    {
        $date = substr($this->columns[$name] ?? '', 0, 10);
        return preg_match('/^\d{4}-\d\d-\d\d$/', $date) === 1 && $date !== '0000-00-00' ? $date : '';
    }

    public function status(): string
    {
        return $this->columns['domainstatus'];
    }

    public function quantity(): int
    {
        return max(1, (int) $this->columns['qty']);
    }

    public function suspendReason(): string
    {
        return $this->columns['suspendreason'];
    }

    /** @param array<string, string> $fallback */
    private static function fromTable(int $serviceId, array $fallback): self
    {
        $row = Capsule::table('tblhosting')->where('id', $serviceId)->first();
        foreach (self::COLUMNS as $name) {
            $fallback[$name] = self::plain($row->{$name} ?? null) ?: $fallback[$name];
        }
        return new self($fallback);
    }

    private static function plain(mixed $value): string
    {
        if ($value instanceof \DateTimeInterface) {
            return $value->format('Y-m-d');
        }
        return is_scalar($value) ? Params::of(['value' => (string) $value])->text('value') : '';
    }
}
