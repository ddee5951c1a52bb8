<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

/** The Module Settings tab of a product (WHMCS developer docs, config options and loader functions). */
final class ModuleSettings
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /**
     * Every field with what its loader gives, or the error it throws, which is shown to the admin.
     *
     * @return list<array<string, mixed>> number, name, field, value, choices, loader_error
     */
    public function fields(int $productId): array
    {
        $params = (new Params($this->shop))->ofProduct($productId);
        // The docs contradict themselves on whether the function gets $params.
        $passes = $this->shop->settings->says('configoptions_gets_params');
        $fields = $this->shop->module()->call('ConfigOptions', ...($passes ? [$params] : []));
        if (!is_array($fields) || count($fields) > 24) {
            throw new Refused('ConfigOptions must return at most 24 fields');
        }
        $shown = [];
        foreach ($fields as $key => $field) {
            $number = count($shown) + 1;
            $shown[] = ['number' => $number, 'name' => (string) ($field['FriendlyName'] ?? $key), 'field' => $field,
                'value' => $params["configoption$number"]] + $this->loaded($field, $params);
        }
        return $shown;
    }

    /**
     * @param array<string, mixed> $field
     * @param array<string, mixed> $params
     * @return array{choices: ?array<mixed>, loader_error: string}
     */
    private function loaded(array $field, array $params): array
    {
        if (!isset($field['Loader']) || !($field['SimpleMode'] ?? false)) {
            return ['choices' => null, 'loader_error' => ''];
        }
        $prefix = $this->shop->module()->name . '_';
        $function = (string) $field['Loader'];
        if (!str_starts_with($function, $prefix)) {
            throw new Refused("$function: a loader is named with the module's prefix");
        }
        try {
            $choices = $this->shop->module()->call(substr($function, strlen($prefix)), $params);
            return ['choices' => (array) $choices, 'loader_error' => ''];
        } catch (Refused $refused) {
            throw $refused;
        } catch (\Exception $exception) {
            return ['choices' => null, 'loader_error' => $exception->getMessage()];
        }
    }
}
