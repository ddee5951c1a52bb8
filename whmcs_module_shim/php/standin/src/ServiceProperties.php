<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;

/**
 * $params['model']->serviceProperties (WHMCS developer docs, service properties): core names write
 * columns of the service, all others are custom fields of the service's present product.
 */
final class ServiceProperties
{
    private const CORE = [
        'Username' => 'username',
        'Password' => 'password',
        'Domain' => 'domain',
        'Dedicated IP' => 'dedicatedip',
        'Disk Usage' => 'diskusage',
        'Disk Limit' => 'disklimit',
        'Bandwidth Usage' => 'bwusage',
        'Bandwidth Limit' => 'bwlimit',
        'Last Update' => 'lastupdate',
    ];

    public function __construct(private readonly int $serviceId)
    {
    }

    /** @param array<string, mixed> $values */
    public function save(array $values): void
    {
        foreach ($values as $name => $value) {
            $text = is_array($value) ? (string) ($value['value'] ?? '') : (string) $value;
            $column = self::CORE[$name] ?? null;
            if ($column === null) {
                $this->saveCustomField($name, $text);
                continue;
            }
            // The property encrypts by itself; only raw queries must call encrypt() (seen in open modules).
            $stored = $column === 'password' ? Shop::current()->encrypt($text) : $text;
            Capsule::table('tblhosting')->where('id', $this->serviceId)->update([$column => $stored]);
        }
    }

    public function get(string $name): string
    {
        $column = self::CORE[$name] ?? null;
        if ($column === null) {
            return (new CustomFields())->value($this->serviceId, $name) ?? '';
        }
        $stored = (string) Capsule::table('tblhosting')->where('id', $this->serviceId)->value($column);
        return $column === 'password' ? Shop::current()->decrypt($stored) : $stored;
    }

    private function saveCustomField(string $name, string $text): void
    {
        $fields = new CustomFields();
        if ($fields->setByName($this->serviceId, $name, $text)) {
            return;
        }
        // The docs say a missing field is created, for admins only; vultr/whmcs-vultr#70 lost values instead.
        if (!Shop::current()->settings->says('unknown_custom_fields_ignored')) {
            $productId = (int) Capsule::table('tblhosting')->where('id', $this->serviceId)->value('packageid');
            $fields->create($productId, ['name' => $name, 'adminonly' => true]);
            $fields->setByName($this->serviceId, $name, $text);
        }
    }
}
