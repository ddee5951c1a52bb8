<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;

/** Product custom fields: they belong to a product id, values to a service (WHMCS developer docs). */
final class CustomFields
{
    /** @param array<string, mixed> $field name, type, required, adminonly, showorder, regexpr, options */
    public function create(int $productId, array $field): int
    {
        $on = static fn (string $key): string => ($field[$key] ?? false) ? 'on' : '';
        return (int) Capsule::table('tblcustomfields')->insertGetId([
            'type' => 'product',
            'relid' => $productId,
            'fieldname' => (string) $field['name'],
            'fieldtype' => (string) ($field['type'] ?? 'text'),
            'fieldoptions' => (string) ($field['options'] ?? ''),
            'regexpr' => (string) ($field['regexpr'] ?? ''),
            'adminonly' => $on('adminonly'),
            'required' => $on('required'),
            // Fields for clients are asked at the order unless told otherwise.
            'showorder' => ($field['showorder'] ?? !($field['adminonly'] ?? false)) ? 'on' : '',
        ]);
    }

    /** @return list<array<string, mixed>> */
    public function ofProduct(int $productId): array
    {
        $rows = Capsule::table('tblcustomfields')->where('type', 'product')->where('relid', $productId)
            ->orderBy('sortorder')->orderBy('id')->get();
        return array_map(static fn (object $row): array => (array) $row, $rows->all());
    }

    /** @return array<string, string> name before the pipe => stored value */
    public function values(int $serviceId): array
    {
        $values = [];
        foreach ($this->ofProduct($this->productOf($serviceId)) as $field) {
            $values[Text::beforePipe((string) $field['fieldname'])] = $this->stored((int) $field['id'], $serviceId);
        }
        return $values;
    }

    public function value(int $serviceId, string $name): ?string
    {
        $field = $this->named($serviceId, $name);
        return $field === null ? null : $this->stored($field, $serviceId);
    }

    public function setByName(int $serviceId, string $name, string $value): bool
    {
        $field = $this->named($serviceId, $name);
        if ($field !== null) {
            $this->set($field, $serviceId, $value);
        }
        return $field !== null;
    }

    public function set(int $fieldId, int $serviceId, string $value): void
    {
        $hooks = Shop::current()->hooks;
        $variables = ['fieldid' => $fieldId, 'relid' => $serviceId, 'value' => $value];
        $replaced = $hooks->merged('CustomFieldSave', $variables);
        Capsule::table('tblcustomfieldsvalues')->updateOrInsert(
            ['fieldid' => $fieldId, 'relid' => $serviceId],
            ['value' => (string) ($replaced['value'] ?? $value)]
        );
    }

    private function stored(int $fieldId, int $serviceId): string
    {
        return (string) Capsule::table('tblcustomfieldsvalues')
            ->where('fieldid', $fieldId)->where('relid', $serviceId)->value('value');
    }

    private function named(int $serviceId, string $name): ?int
    {
        foreach ($this->ofProduct($this->productOf($serviceId)) as $field) {
            if (in_array($name, [$field['fieldname'], Text::beforePipe((string) $field['fieldname'])], true)) {
                return (int) $field['id'];
            }
        }
        return null;
    }

    private function productOf(int $serviceId): int
    {
        return (int) Capsule::table('tblhosting')->where('id', $serviceId)->value('packageid');
    }
}
